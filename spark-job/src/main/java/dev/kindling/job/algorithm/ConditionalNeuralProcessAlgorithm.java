package dev.kindling.job.algorithm;

import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Conditional neural processes: Garnelo et al., ICML 2018, equations 1 to 3. Each support point is encoded,
 * r_i = h(x_i, y_i), the mean r = 1/n Σ r_i represents the task, and the prediction at a query x is g(x, r); h has three
 * layers and g five, as in their section 4.1. In the paper g also outputs a variance and is trained by likelihood; here it
 * outputs the mean only and is trained by the model's squared error, which is that likelihood with a fixed variance, so that
 * losses are comparable with those of other methods. Only the inputs, outputs and loss of {@code model.network} are used.
 */
public final class ConditionalNeuralProcessAlgorithm extends FeedForwardMethod {
    static final String NAME = "cnp";
    private static final int ENCODER_LAYERS = 3;

    private final int width;

    private ConditionalNeuralProcessAlgorithm(int width) {
        super(NAME);
        this.width = width;
        if (width < 1) {
            throw new IllegalArgumentException("cnp.width is " + width + "; it must be at least 1");
        }
    }

    static Algorithm of(AlgorithmConfig config) {
        return new ConditionalNeuralProcessAlgorithm(config.count("cnp.width"));
    }

    @Override
    JointParameters networks(Model model) {
        return JointParameters.of(h(model).points(), g(model));
    }

    private SetEncoder h(Model model) {
        return SetEncoder.of(NAME, model, ENCODER_LAYERS, width);
    }

    private Model g(Model model) {
        int inputs = SetEncoder.inputs(model) + width;
        List<Integer> widths = List.of(inputs, width, width, width, width, SetEncoder.outputs(model));
        return AuxiliaryNetworks.perceptron(NAME + ".", ENCODER_LAYERS, widths);
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        SetEncoder.requireFits(NAME, model, layout);
    }

    @Override
    Outputs outputs(ProgramBuilder b, Task task) {
        Value r = task.support().meanKept(b, h(task.model()).features(b, task.theta(), task.support()));
        return new Outputs(
                decoded(b, task, task.support().x(), r),
                decoded(b, task, task.query().x(), r));
    }

    /** g(x, r) for each example: [examples, outputs]. */
    private Value decoded(ProgramBuilder b, Task task, Value x, Value r) {
        Value each = b.broadcast(r, Shape.of(x.shape().dim(0), width));
        Value conditioned = b.concat(1, List.of(SetEncoder.rows(b, x), each));
        return g(task.model()).output(b, task.theta(), conditioned, ForwardContext.PLAIN);
    }
}
