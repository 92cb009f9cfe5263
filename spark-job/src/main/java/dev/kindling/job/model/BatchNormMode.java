package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The statistics that batch norm uses for the queries of an adapted task: the values of {@code model.batch-norm}. Inner steps
 * use the statistics of the support set, except with {@link #RUNNING}. If the prediction for one query depends on other
 * queries, the protocol is transductive, which results report.
 */
enum BatchNormMode {
    /** The statistics of all queries together, as in MAML's code. Transductive. */
    QUERY("query") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            return forwardPass.pass(query, context);
        }
    },
    /** The statistics of the support set and all queries together (Nichol, Achiam and Schulman 2018, transductive). */
    SUPPORT_AND_QUERY("support-and-query") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            int supportSize = support.shape().dim(0);
            Value output = forwardPass.pass(b.concat(0, List.of(support, query)), context);
            return b.slice(output, 0, supportSize, output.shape().dim(0));
        }
    },
    /** The statistics of the support set and one query, for each query separately (ibid., not transductive). */
    SUPPORT_AND_ONE("support-and-one") {
        /** The batch has a group for each query: the support set followed by the query. */
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            int supportSize = support.shape().dim(0);
            int queries = query.shape().dim(0);
            Value repeated = b.broadcast(support, support.shape().stacked(queries));
            Value single = b.reshape(query, inserted(query.shape()));
            Value groups = b.concat(1, List.of(repeated, single));
            Value batch = b.reshape(groups, query.shape().with(0, queries * (supportSize + 1)));
            Value output = forwardPass.pass(batch, context.inGroups(queries));
            Value grouped = b.reshape(
                    output, Shape.of(queries, supportSize + 1, output.shape().dim(1)));
            return b.reshape(
                    b.slice(grouped, 1, supportSize, supportSize + 1),
                    Shape.of(queries, output.shape().dim(1)));
        }
    },
    /** Running averages of the query statistics of past rounds, in inner steps too. Not transductive. */
    RUNNING("running") {
        @Override
        Value predict(ForwardPass forwardPass, ProgramBuilder b, Value support, Value query, ForwardContext context) {
            return forwardPass.pass(query, context);
        }

        @Override
        Layer withMode(Layer layer) {
            if (layer instanceof WithPreprocessor withPreprocessor) {
                return withPreprocessor.before(withMode(withPreprocessor.layer()));
            }
            return layer instanceof BatchNorm norm ? new RunningBatchNorm(norm) : layer;
        }
    };

    /** The forward pass of a network with given parameters. */
    @FunctionalInterface
    interface ForwardPass {
        /** The output [examples, outputs] of a batch. */
        Value pass(Value x, ForwardContext context);
    }

    private final String key;

    BatchNormMode(String key) {
        this.key = key;
    }

    /** The mode of a value of {@code model.batch-norm}; IllegalArgumentException listing the values if there is none. */
    static BatchNormMode named(String key) {
        return Arrays.stream(values())
                .filter(mode -> mode.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("model.batch-norm is " + key + "; it must be one of "
                        + Arrays.stream(values()).map(mode -> mode.key).collect(Collectors.joining(", "))));
    }

    /** The layer in the form that this mode needs. */
    Layer withMode(Layer layer) {
        return layer;
    }

    /** The layers in the form that this mode needs. */
    final List<Network.InitializedLayer> withMode(List<Network.InitializedLayer> layers) {
        return layers.stream()
                .map(initializedLayer -> new Network.InitializedLayer(
                        withMode(initializedLayer.layer()), initializedLayer.initializer()))
                .toList();
    }

    /** The outputs [queries, outputs]. */
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
