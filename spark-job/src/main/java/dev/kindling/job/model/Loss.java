package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Optional;

/** A loss function of a network's output and the targets. */
enum Loss {
    /** Mean of (output - y)² over examples and output units; targets [examples, outputs]. */
    MEAN_SQUARED_ERROR {
        @Override
        Value of(ProgramBuilder b, Value output, Targets targets) {
            return targets.mean(b, b.square(b.sub(output, targets.y())));
        }

        @Override
        Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return Optional.empty();
        }
    },
    /** Mean over examples of -log softmax(output) at the label; targets [examples], integers from 0. */
    SOFTMAX_CROSS_ENTROPY {
        /** The loss does not depend on the shift by the maximum, so the maximum is excluded from differentiation. */
        @Override
        Value of(ProgramBuilder b, Value output, Targets targets) {
            int examples = output.shape().dim(0);
            int classes = output.shape().dim(1);
            Value largest = b.reshape(b.stopGradient(b.max(output)), Shape.of(examples, 1));
            Value shifted = b.sub(output, largest);
            Value logOfSum = b.log(b.sum(b.exp(shifted), 1));
            Value atLabel = b.sum(b.mul(shifted, b.oneHot(targets.y(), classes)), 1);
            return targets.mean(b, b.sub(logOfSum, atLabel));
        }

        @Override
        Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return Optional.of(targets.mean(b, b.equal(b.argmax(output), targets.y())));
        }
    };

    /** The mean loss, a scalar; output [examples, outputs]. */
    abstract Value of(ProgramBuilder b, Value output, Targets targets);

    /** The fraction of examples whose largest output is that of the label, a scalar; empty for regression. */
    abstract Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets);
}
