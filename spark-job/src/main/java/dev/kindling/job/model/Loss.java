package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Optional;

/** A loss function of a network's output and the targets. */
enum Loss {
    /** Mean of (output - y)² over examples and output units; y [examples, outputs]. */
    MEAN_SQUARED_ERROR {
        @Override
        Value of(ProgramBuilder b, Value output, Value y) {
            return b.meanAll(b.square(b.sub(output, y)));
        }

        @Override
        Optional<Value> accuracy(ProgramBuilder b, Value output, Value y) {
            return Optional.empty();
        }
    },
    /** Mean over examples of -log softmax(output) at the label; y [examples], integers from 0. */
    SOFTMAX_CROSS_ENTROPY {
        /** The loss does not depend on the shift by the maximum, so the maximum is excluded from differentiation. */
        @Override
        Value of(ProgramBuilder b, Value output, Value y) {
            int examples = output.shape().dim(0);
            int classes = output.shape().dim(1);
            Value largest = b.reshape(b.stopGradient(b.max(output)), Shape.of(examples, 1));
            Value shifted = b.sub(output, largest);
            Value logOfSum = b.log(b.sum(b.exp(shifted), 1));
            Value atLabel = b.sum(b.mul(shifted, b.oneHot(y, classes)), 1);
            return b.meanAll(b.sub(logOfSum, atLabel));
        }

        @Override
        Optional<Value> accuracy(ProgramBuilder b, Value output, Value y) {
            return Optional.of(b.meanAll(b.equal(b.argmax(output), y)));
        }
    };

    /** The mean loss, a scalar; output [examples, outputs]. */
    abstract Value of(ProgramBuilder b, Value output, Value y);

    /** The fraction of examples whose largest output is that of the label, a scalar; empty for regression. */
    abstract Optional<Value> accuracy(ProgramBuilder b, Value output, Value y);
}
