package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Whose statistics batch norm uses for the queries of an adapted task: the values of {@code model.batch-norm}. In inner
 * steps the support set is a batch of its own, but for {@link #RUNNING}. Where the predictions of one query depend on the
 * others, the protocol is transductive, and the results say so.
 */
enum BatchNormMode {
    /** All queries together, as MAML's code has it. Transductive. */
    QUERY("query") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            return forwardPass.pass(query, context);
        }
    },
    /** Support set and all queries together (Nichol, Achiam and Schulman 2018, transductive). */
    SUPPORT_AND_QUERY("support-and-query") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            int known = support.shape().dim(0);
            Value output = forwardPass.pass(b.concat(0, List.of(support, query)), context);
            return b.slice(output, 0, known, output.shape().dim(0));
        }
    },
    /** Each query with the support set, apart from the other queries (ibid., not transductive). */
    SUPPORT_AND_ONE("support-and-one") {
        /** A group for each query: the support set, repeated, and the query behind it. */
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            int known = support.shape().dim(0);
            int queries = query.shape().dim(0);
            Value repeated = b.broadcast(support, support.shape().stacked(queries));
            Value single = b.reshape(query, inserted(query.shape()));
            Value groups = b.concat(1, List.of(repeated, single));
            Value batch = b.reshape(groups, query.shape().with(0, queries * (known + 1)));
            Value output = forwardPass.pass(batch, context.inGroups(queries));
            Value grouped = b.reshape(
                    output, Shape.of(queries, known + 1, output.shape().dim(1)));
            return b.reshape(
                    b.slice(grouped, 1, known, known + 1),
                    Shape.of(queries, output.shape().dim(1)));
        }
    },
    /** Statistics that follow those of the queries of past rounds, in inner steps too. Not transductive. */
    RUNNING("running") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            return forwardPass.pass(query, context);
        }

        @Override
        Layer normalising(Layer layer) {
            if (layer instanceof WithPreprocessor withPreprocessor) {
                return withPreprocessor.before(normalising(withPreprocessor.layer()));
            }
            return layer instanceof BatchNorm norm ? new RunningBatchNorm(norm) : layer;
        }
    };

    /** A network with its parameters. */
    @FunctionalInterface
    interface ForwardPass {
        /** The output [examples, outputs] for a batch. */
        Value pass(Value x, ForwardContext context);
    }

    private final String key;

    BatchNormMode(String key) {
        this.key = key;
    }

    /** The mode that settings call so; IllegalArgumentException with the known names if there is none. */
    static BatchNormMode named(String key) {
        return Arrays.stream(values())
                .filter(mode -> mode.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("model.batch-norm is " + key + "; it must be one of "
                        + Arrays.stream(values()).map(mode -> mode.key).collect(Collectors.joining(", "))));
    }

    /** The layer as this mode has it. */
    Layer normalising(Layer layer) {
        return layer;
    }

    /** The layers as this mode has them. */
    final List<Network.InitializedLayer> normalising(List<Network.InitializedLayer> layers) {
        return layers.stream()
                .map(initializedLayer -> new Network.InitializedLayer(
                        normalising(initializedLayer.layer()), initializedLayer.initializer()))
                .toList();
    }

    /** The outputs for the queries. */
    abstract Value predict(
            ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context);

    /** [n, ...] as [n, 1, ...]. */
    private static Shape inserted(Shape shape) {
        int[] dims = new int[shape.rank() + 1];
        dims[0] = shape.dim(0);
        dims[1] = 1;
        for (int axis = 1; axis < shape.rank(); axis++) {
            dims[axis + 1] = shape.dim(axis);
        }
        return Shape.of(dims);
    }
}
