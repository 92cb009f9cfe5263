package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Logistic regression as output layer, LR-D2: Bertinetto et al., ICLR 2019, section 3.3. The weights of each class against the
 * others minimise the logistic loss plus λ/2 ‖w‖² by six Newton steps; the outputs are logits of a softmax, of which each is the
 * class's own logit. With two classes one regression is fitted, and the logit of the first class is 0.
 */
public final class LogisticHeadAlgorithm extends ClosedFormHead {
    static final String NAME = "logistic-head";

    private LogisticHeadAlgorithm(double penalty) {
        super(NAME, penalty);
    }

    static Algorithm of(AlgorithmConfig config) {
        return new LogisticHeadAlgorithm(config.number("logistic-head.penalty"));
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        Prototypes.requireClasses(NAME, layout);
        super.requireFits(model, layout);
    }

    @Override
    HeadPosterior.Fitted fitted(ProgramBuilder b, Task task, LinearHeadPosterior posterior) {
        int ways = Prototypes.ways(task.model());
        int examples = task.support().size();
        Value prior = b.full(Shape.of(examples), 0);
        List<Value> support = new ArrayList<>();
        List<Value> query = new ArrayList<>();
        for (int way = 0; way < ways; way++) {
            if (ways == 2 && way == 0) {
                support.add(b.full(Shape.of(examples, 1), 0));
                query.add(b.full(Shape.of(posterior.query().shape().dim(0), 1), 0));
                continue;
            }
            Value labels = b.equal(task.support().y(), b.constant(way));
            HeadPosterior.PredictedClasses predicted = posterior.ofClasses(labels, prior);
            support.add(b.reshape(predicted.support(), Shape.of(examples, 1)));
            query.add(b.reshape(
                    predicted.mean(), Shape.of(predicted.mean().shape().dim(0), 1)));
        }
        return new HeadPosterior.Fitted(b.concat(1, support), b.concat(1, query));
    }
}
