package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;

/**
 * Ridge regression as output layer, R2-D2: Bertinetto et al., ICLR 2019, equations 5 and 6. W minimises ‖E W - Y‖² + λ ‖W‖² over
 * the support set; the targets of classes are one-hot, and the outputs are logits of a softmax.
 */
public final class RidgeHeadAlgorithm extends ClosedFormHead {
    static final String NAME = "ridge-head";

    private RidgeHeadAlgorithm(double penalty) {
        super(NAME, penalty);
    }

    static Algorithm of(AlgorithmConfig config) {
        return new RidgeHeadAlgorithm(config.number("ridge-head.penalty"));
    }

    @Override
    HeadPosterior.Fitted fitted(ProgramBuilder b, Task task, LinearHeadPosterior posterior) {
        Value y = task.support().y();
        return posterior.ofTargets(y.shape().rank() == 1 ? b.oneHot(y, Prototypes.ways(task.model())) : y);
    }
}
