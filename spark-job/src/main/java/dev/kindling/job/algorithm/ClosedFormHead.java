package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Map;

/**
 * A method whose output layer is fitted to the support set's embeddings by a closed form or by Newton's method, through which
 * the outer derivative passes: Bertinetto, Henriques, Torr and Vedaldi, ICLR 2019. The embedding e(x) is model.network without
 * its output layer; the output is scale · (W e(x)) + shift, where W is fitted with a quadratic penalty. The logarithm of the
 * penalty, the scale and the shift are learned with the embedding. θ does not depend on the number of ways.
 */
abstract class ClosedFormHead extends FeedForwardMethod {
    private final double penalty;

    /**
     * A head with an initial penalty.
     *
     * @param penalty above 0
     */
    ClosedFormHead(String name, double penalty) {
        super(name);
        this.penalty = penalty;
        if (!(penalty > 0) || Double.isInfinite(penalty)) {
            throw new IllegalArgumentException(
                    name + ".penalty is " + penalty + "; it must be a finite number above 0");
        }
    }

    /** The outputs of the fitted layer; the penalty is contained in the posterior's ψ = e / √penalty. */
    abstract HeadPosterior.Fitted fitted(ProgramBuilder b, Task task, LinearHeadPosterior posterior);

    @Override
    public final Layout parameters(Model model) {
        return super.parameters(model)
                .then(Layout.builder()
                        .add(logPenalty(), Shape.of(1))
                        .add(scale(), Shape.of(1))
                        .add(shift(), Shape.of(1))
                        .build());
    }

    @Override
    public final void initialise(Model model, long seed, FlatVector target) {
        super.initialise(model, seed, target);
        Layout layout = parameters(model);
        target.set(layout.offset(logPenalty()), StrictMath.log(penalty));
        target.set(layout.offset(scale()), 1);
    }

    @Override
    final JointParameters networks(Model model) {
        return JointParameters.of(model.encoder());
    }

    private String logPenalty() {
        return name() + ".log-penalty";
    }

    private String scale() {
        return name() + ".scale";
    }

    private String shift() {
        return name() + ".shift";
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        model.encoder();
    }

    @Override
    final Outputs outputs(ProgramBuilder b, Task task) {
        Model encoder = task.model().encoder();
        Map<String, Value> theta = task.theta();
        Value root = b.exp(b.mul(b.constant(-0.5), NamedValues.value(theta, logPenalty())));
        Value support = b.mul(encoder.output(b, theta, task.support().x(), task.context()), root);
        Value query =
                b.mul(encoder.predict(b, theta, task.support().x(), task.query().x(), task.queryPass()), root);
        Value weights = task.support()
                .weights()
                .orElseGet(() -> b.full(Shape.of(task.support().size()), 1));
        HeadPosterior.Fitted fitted = fitted(b, task, new LinearHeadPosterior(b, support, query, weights));
        return new Outputs(adjusted(b, theta, fitted.support()), adjusted(b, theta, fitted.query()));
    }

    private Value adjusted(ProgramBuilder b, Map<String, Value> theta, Value output) {
        Value scaled = b.mul(output, NamedValues.value(theta, scale()));
        return b.add(scaled, NamedValues.value(theta, shift()));
    }

    @Override
    final Map<String, Value> batchStatistics(ProgramBuilder b, Task task) {
        return task.model()
                .encoder()
                .batchStatistics(b, task.theta(), task.query().x(), task.queryPass());
    }
}
