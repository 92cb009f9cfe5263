package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.Map;

/**
 * Prototypical networks: Snell, Swersky and Zemel, NeurIPS 2017, algorithm 1. The network without its output layer is the
 * embedding f; a query x belongs to class k with probability softmax over k of -‖f(x) - c_k‖² (equation 2), with c_k the
 * mean of the class's embedded support examples, and the loss is the mean over queries of its negative logarithm. With
 * measure cosine, the scaled cosine of f(x) and c_k replaces the distance. θ does not depend on the number of ways.
 */
public final class ProtoNetAlgorithm extends FeedForwardMethod {
    static final String NAME = "proto-net";

    /** The similarity of a query to a prototype. */
    enum Measure {
        /** -‖f - c‖². */
        EUCLIDEAN {
            /** Computed as 2 f·c - ‖f‖² - ‖c‖², so that no array [queries, ways, features] is created. */
            @Override
            Value of(ProgramBuilder b, Value features, Value prototypes) {
                Value cross = b.mul(b.constant(2), b.matmul(features, prototypes, false, true));
                Value featureNorms = b.sumKept(b.square(features), 1);
                Value prototypeNorms = b.reshape(
                        b.sum(b.square(prototypes), 1),
                        Shape.of(1, prototypes.shape().dim(0)));
                return b.sub(b.sub(cross, featureNorms), prototypeNorms);
            }
        },
        /** f·c / (‖f‖ ‖c‖). */
        COSINE {
            @Override
            Value of(ProgramBuilder b, Value features, Value prototypes) {
                return b.matmul(unit(b, features), unit(b, prototypes), false, true);
            }

            private Value unit(ProgramBuilder b, Value rows) {
                return b.div(rows, b.sqrt(b.add(b.sumKept(b.square(rows), 1), b.constant(TINY))));
            }
        };

        private static final double TINY = 1e-12;

        /** [examples, ways], from [examples, features] and [ways, features]. */
        abstract Value of(ProgramBuilder b, Value features, Value prototypes);
    }

    private final Measure measure;
    private final double scale;

    private ProtoNetAlgorithm(Measure measure, double scale) {
        super(NAME);
        this.measure = measure;
        this.scale = scale;
        if (!(scale > 0) || Double.isInfinite(scale)) {
            throw new IllegalArgumentException("proto-net.scale is " + scale + "; it must be a finite number above 0");
        }
    }

    static Algorithm of(AlgorithmConfig config) {
        return new ProtoNetAlgorithm(
                config.choice("proto-net.measure", Measure.class), config.number("proto-net.scale"));
    }

    @Override
    JointParameters networks(Model model) {
        return JointParameters.of(model.encoder());
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        Prototypes.requireClasses(NAME, layout);
    }

    @Override
    Outputs outputs(ProgramBuilder b, Task task) {
        Model encoder = task.model().encoder();
        int ways = Prototypes.ways(task.model());
        Value support = encoder.output(b, task.theta(), task.support().x(), task.context());
        Value query = encoder.predict(
                b, task.theta(), task.support().x(), task.query().x(), task.queryPass());
        Value prototypes = Prototypes.of(b, support, task.support(), ways);
        Value factor = b.constant(scale);
        return new Outputs(
                b.mul(factor, measure.of(b, support, prototypes)), b.mul(factor, measure.of(b, query, prototypes)));
    }

    @Override
    Map<String, Value> batchStatistics(ProgramBuilder b, Task task) {
        return task.model()
                .encoder()
                .batchStatistics(b, task.theta(), task.query().x(), task.queryPass());
    }
}
