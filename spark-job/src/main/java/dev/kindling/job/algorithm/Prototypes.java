package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;

/**
 * Computes prototypes, the means of the features of each class's support examples: Snell, Swersky and Zemel, NeurIPS
 * 2017, equation 1.
 */
final class Prototypes {
    private Prototypes() {}

    /** Refuses tasks without classes, for the method of the given name, with IllegalArgumentException. */
    static void requireClasses(String name, EpisodeLayout layout) {
        if (!layout.classification()) {
            throw new IllegalArgumentException(
                    "algorithm.name is " + name
                            + "; it needs tasks with classes, as of task.source = few-shot; maml and its relatives serve others");
        }
    }

    /**
     * The prototypes of a task. In a weighted episode the means are weighted, and the prototype of a class without examples is
     * 0.
     *
     * @param features [examples, features] of the support set
     * @return [ways, features]
     */
    static Value of(ProgramBuilder b, Value features, Batch support, int ways) {
        Value counts = b.reshape(b.sum(classes(b, support, ways), 0), Shape.of(ways, 1));
        Value divisor = support.weights().isEmpty()
                ? counts
                : b.select(b.greater(counts, b.constant(0)), counts, b.constant(1));
        return b.div(sums(b, features, support, ways), divisor);
    }

    /** The sum of the features of each class, times the weights of the examples: [ways, features]. */
    static Value sums(ProgramBuilder b, Value features, Batch support, int ways) {
        return b.matmul(classes(b, support, ways), features, true, false);
    }

    /** The weight of each example in the column of its class, 0 in the others: [examples, ways]. */
    private static Value classes(ProgramBuilder b, Batch support, int ways) {
        return support.weighted(b, b.oneHot(support.y(), ways));
    }

    /** The number of ways of a model with an output layer. */
    static int ways(Model model) {
        return model.parameters().shape(model.head().get(0)).dim(1);
    }
}
