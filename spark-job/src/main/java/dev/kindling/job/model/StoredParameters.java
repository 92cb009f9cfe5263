package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;

/**
 * How Deeplearning4j lays the parameters of a network one behind another in its one row vector: layer after layer, of a
 * convolution the bias and then the weights, of batch norm gamma, beta, mean and variance, of others the weights column by
 * column and then the bias.
 */
final class StoredParameters {
    /**
     * An array in the vector.
     *
     * @param columns whether it lies there column by column
     * @param logarithm whether it holds log10 of the standard deviation in a variance's place
     */
    private record Block(String name, Shape shape, boolean columns, boolean logarithm) {
        /** Where in the row-major array the number at a place of the block belongs. */
        int index(int place) {
            int rows = shape.dim(0);
            return columns ? place % rows * shape.dim(1) + place / rows : place;
        }
    }

    private final NetworkFile file;
    private final Layout wanted;
    private final List<Block> blocks = new ArrayList<>();

    /**
     * The arrangement of a network's parameters.
     *
     * @param configuration whose layers have the wanted parameters
     * @param wanted names and shapes of the parameters that are needed
     */
    StoredParameters(NetworkFile file, MultiLayerConfiguration configuration, Layout wanted) {
        this.file = file;
        this.wanted = wanted;
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            if (configuration.getConf(i).getLayer() instanceof BatchNormalization norm) {
                addNorm(i, norm.isUseLogStd());
            } else if (configuration.getConf(i).getLayer() instanceof ConvolutionLayer) {
                add(i + "_b", false);
                add(i + "_W", false);
            } else {
                add(i + "_W", true);
                add(i + "_b", false);
            }
        }
    }

    private void addNorm(int layer, boolean logarithm) {
        add(layer + "_gamma", false);
        add(layer + "_beta", false);
        Shape units = wanted.shape(layer + "_gamma");
        blocks.add(new Block(layer + "_mean", units, false, false));
        blocks.add(new Block(layer + "_var", units, false, logarithm));
    }

    private void add(String name, boolean columns) {
        if (wanted.has(name)) {
            blocks.add(new Block(name, wanted.shape(name), columns, false));
        }
    }

    /** How many numbers the vector has. */
    long count() {
        return blocks.stream().mapToLong(block -> block.shape().size()).sum();
    }

    /**
     * The wanted arrays, each row-major under its name.
     *
     * @param in the vector, as ND4J wrote it
     * @throws IOException if it is another vector, or ends too early
     * @throws BadDataException if it holds a number that no weight can be
     */
    Map<String, double[]> read(InputStream in) throws IOException {
        Nd4jRowVector vector = Nd4jRowVector.open(in, count());
        Map<String, double[]> arrays = new LinkedHashMap<>();
        for (Block block : blocks) {
            double[] numbers = new double[block.shape().size()];
            for (int place = 0; place < numbers.length; place++) {
                numbers[block.index(place)] = block.logarithm() ? variance(vector.next()) : vector.next();
            }
            if (wanted.has(block.name())) {
                requireUsable(block.name(), numbers);
                arrays.put(block.name(), numbers);
            }
        }
        return arrays;
    }

    private static double variance(double logarithm) {
        return StrictMath.pow(10, 2 * logarithm);
    }

    /** Programs of single precision take weights from files of double precision, too. */
    private void requireUsable(String name, double[] numbers) {
        boolean variance = name.endsWith("_var");
        for (double number : numbers) {
            if (!(Math.abs(number) <= Float.MAX_VALUE)) {
                throw new BadDataException(file.subject() + ", whose " + name + " holds " + number
                        + "; weights must be finite, in single precision too");
            }
            if (variance && number < 0) {
                throw new BadDataException(
                        file.subject() + ", whose " + name + " holds " + number + "; variances must be at least 0");
            }
        }
    }
}
