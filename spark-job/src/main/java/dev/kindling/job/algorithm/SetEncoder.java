package dev.kindling.job.algorithm;

import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Encodes the points of a regression's support set: each point [x, y] separately by fully connected layers with relu. Sums and
 * means of the features over the set do not depend on the order of points (Zaheer et al., NeurIPS 2017, theorem 2).
 *
 * @param points the layers
 */
record SetEncoder(Model points) {
    /**
     * An encoder for the examples and targets of a model.
     *
     * @param method whose name and a dot are the prefix of the arrays' names
     * @param layers number of layers of {@code width} units
     */
    static SetEncoder of(String method, Model model, int layers, int width) {
        requireFullyConnected(method, model);
        List<Integer> widths = IntStream.rangeClosed(0, layers)
                .mapToObj(layer -> layer == 0 ? inputs(model) + outputs(model) : width)
                .toList();
        return new SetEncoder(AuxiliaryNetworks.perceptron(method + ".", 0, widths));
    }

    /** The number of inputs of a fully connected model. */
    static int inputs(Model model) {
        return model.parameters().entries().get(0).shape().dim(0);
    }

    /** The number of outputs of a fully connected model. */
    static int outputs(Model model) {
        List<Layout.Entry> entries = model.parameters().entries();
        return entries.get(entries.size() - 1).shape().dim(1);
    }

    /** Refuses classification tasks and networks that are not fully connected, with IllegalArgumentException. */
    static void requireFits(String method, Model model, EpisodeLayout layout) {
        if (layout.classification()) {
            throw unfit(method, "the tasks have " + layout.classes() + " classes");
        }
        requireFullyConnected(method, model);
    }

    private static void requireFullyConnected(String method, Model model) {
        model.parameters().entries().stream()
                .filter(entry -> entry.shape().rank() != 2 || !entry.name().matches("\\d+_[Wb]"))
                .findFirst()
                .ifPresent(entry -> {
                    throw unfit(method, "the network has " + entry.name() + " " + entry.shape());
                });
    }

    private static IllegalArgumentException unfit(String method, String found) {
        return new IllegalArgumentException("algorithm.name is " + method
                + "; it needs regression, as of task.source = sinusoid or regression, and a fully connected network "
                + "without batch norm, such as model.network = mlp-40-tanh; " + found);
    }

    /** Inputs flattened to rows: [examples, inputs]. */
    static Value rows(ProgramBuilder b, Value x) {
        int examples = x.shape().dim(0);
        return b.reshape(x, Shape.of(examples, x.shape().size() / examples));
    }

    /** The features of each point: [points, width]. */
    Value features(ProgramBuilder b, Map<String, Value> theta, Batch support) {
        Value pairs = b.concat(1, List.of(rows(b, support.x()), support.y()));
        return b.relu(points.output(b, theta, pairs, ForwardContext.PLAIN));
    }
}
