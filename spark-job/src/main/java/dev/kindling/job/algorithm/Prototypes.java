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
     * The prototypes of a task.
     *
     * @param features [examples, features] of the support set
     * @param y labels [examples]
     * @return [ways, features]
     */
    static Value of(ProgramBuilder b, Value features, Value y, int ways) {
        Value counts = b.reshape(b.sum(b.oneHot(y, ways), 0), Shape.of(ways, 1));
        return b.div(sums(b, features, y, ways), counts);
    }

    /** The sum of the features of each class: [ways, features]. */
    static Value sums(ProgramBuilder b, Value features, Value y, int ways) {
        return b.matmul(b.oneHot(y, ways), features, true, false);
    }

    /** The number of ways of a model with an output layer. */
    static int ways(Model model) {
        return model.parameters().shape(model.head().get(0)).dim(1);
    }
}
