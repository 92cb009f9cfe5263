package dev.kindling.job.algorithm;

import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A hypernetwork: a network that generates another network's weights (Ha, Dai and Le, ICLR 2017), here from a task's support
 * set in one forward pass instead of gradient descent. Each support point passes through two layers with relu, the sum over
 * the set through one more with relu and a linear one with an output for each parameter of the model; its outputs times
 * {@code hypernetwork.scale} are the model's parameters φ, with which the queries are predicted. θ contains the hypernetwork
 * only: the model's initial weights are not used.
 */
public final class HypernetworkAlgorithm extends FeedForwardMethod {
    static final String NAME = "hypernetwork";
    private static final int POINT_LAYERS = 2;

    private final int width;
    private final double scale;

    private HypernetworkAlgorithm(int width, double scale) {
        super(NAME);
        this.width = width;
        this.scale = scale;
        if (width < 1) {
            throw new IllegalArgumentException("hypernetwork.width is " + width + "; it must be at least 1");
        }
        if (!(scale > 0) || Double.isInfinite(scale)) {
            throw new IllegalArgumentException(
                    "hypernetwork.scale is " + scale + "; it must be a finite number above 0");
        }
    }

    static Algorithm of(AlgorithmConfig config) {
        return new HypernetworkAlgorithm(config.count("hypernetwork.width"), config.number("hypernetwork.scale"));
    }

    @Override
    JointParameters networks(Model model) {
        return JointParameters.of(encoder(model).points(), writer(model));
    }

    private SetEncoder encoder(Model model) {
        return SetEncoder.of(NAME, model, POINT_LAYERS, width);
    }

    /** The layers from the sum over the set to the model's parameters. */
    private Model writer(Model model) {
        int parameters = model.parameters().size();
        return AuxiliaryNetworks.perceptron(NAME + ".", POINT_LAYERS, List.of(width, width, parameters));
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        SetEncoder.requireFits(NAME, model, layout);
    }

    @Override
    Outputs outputs(ProgramBuilder b, Task task) {
        Model model = task.model();
        Value set = task.support().sumKept(b, encoder(model).features(b, task.theta(), task.support()));
        Value weights = writer(model).output(b, task.theta(), set, ForwardContext.PLAIN);
        Map<String, Value> phi = shaped(b, b.mul(b.constant(scale), weights), model.parameters());
        Value x = task.support().x();
        return new Outputs(
                model.output(b, phi, x, task.context()),
                model.predict(b, phi, x, task.query().x(), task.queryPass()));
    }

    /** Splits a row of numbers into the arrays of a layout. */
    private static Map<String, Value> shaped(ProgramBuilder b, Value row, Layout layout) {
        Map<String, Value> arrays = new LinkedHashMap<>();
        for (Layout.Entry entry : layout.entries()) {
            int end = entry.offset() + entry.shape().size();
            arrays.put(entry.name(), b.reshape(b.slice(row, 1, entry.offset(), end), entry.shape()));
        }
        return arrays;
    }
}
