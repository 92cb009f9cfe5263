package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Learned vectors of the values of categories, an array [values, size] of θ for each category. Rows are read by GATHER, whose
 * derivative is added at the indices of an episode only.
 *
 * <p>The penalty on their squares is a mean over the examples that have the value, not over the values: a value's penalty grows
 * with its number of examples, as in weighted-λ regularisation (Zhou, Wilkinson, Schreiber and Pan, AAIM 2008, equation 3).
 *
 * @param prefix of the arrays' names, to which the category's number from 0 is added
 * @param size elements of a vector
 * @param penalty factor of the mean squared norm, at least 0
 */
record CategoryEmbeddings(String prefix, int size, double penalty) {
    private static final long SEED = 0x656d626564L;

    /** The standard deviation of the initial norm of a vector; at 0 the derivatives of products of vectors would be 0. */
    private static final double INITIAL_NORM = 0.1;

    private String name(int category) {
        return prefix + category;
    }

    /** The arrays. */
    Layout parameters(Model model) {
        Layout.Builder arrays = Layout.builder();
        for (int category = 0; category < model.categories().size(); category++) {
            arrays.add(name(category), Shape.of(model.categories().get(category), size));
        }
        return arrays.build();
    }

    /** Sets the arrays to small normal numbers, and the vectors of unknown values, of index 0, to 0. */
    void initialise(Model model, long seed, Layout layout, FlatVector target) {
        for (int category = 0; category < model.categories().size(); category++) {
            RandomStream stream = RandomStream.of(RandomStream.seed(seed, SEED, category), 0);
            int offset = layout.offset(name(category));
            int count = model.categories().get(category) * size;
            for (int i = size; i < count; i++) {
                target.set(offset + i, stream.nextNormal() * INITIAL_NORM / StrictMath.sqrt(size));
            }
        }
    }

    /**
     * The vectors of the examples' values, one category after another.
     *
     * @param indices [examples, categories]
     * @return [examples, categories * size]
     */
    Value vectors(ProgramBuilder b, Map<String, Value> theta, Value indices) {
        int examples = indices.shape().dim(0);
        List<Value> vectors = new ArrayList<>();
        for (int category = 0; category < indices.shape().dim(1); category++) {
            Value column = b.reshape(b.slice(indices, 1, category, category + 1), Shape.of(examples));
            vectors.add(b.gather(NamedValues.value(theta, name(category)), column));
        }
        return vectors.size() == 1 ? vectors.get(0) : b.concat(1, vectors);
    }

    /** The penalty times the weighted mean of the squared norms of vectors [examples, n], a scalar. */
    Value penalty(ProgramBuilder b, Value vectors, Batch examples) {
        return b.mul(b.constant(penalty), b.sumAll(examples.meanKept(b, b.square(vectors))));
    }
}
