package dev.kindling.job.optimizer;

import dev.kindling.job.optimizer.UpdateRule.Step;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.List;
import java.util.function.Function;

/**
 * The formulas of {@link UpdateRule} for one parameter. The order in which they create values determines the printed form of
 * programs, and so their hashes.
 *
 * @param gradient g
 * @param moments in the order of {@link UpdateRule#moments()}
 * @param scalars gives the value of a scalar of the step
 */
record StepFormula(
        ProgramBuilder b,
        Coefficients coefficients,
        Value gradient,
        List<Value> moments,
        Function<StepScalar, Value> scalars) {

    Step momentum() {
        Value velocity = velocity();
        return new Step(velocity, List.of(velocity));
    }

    Step nesterovs() {
        Value velocity = velocity();
        return new Step(b.add(gradient, b.mul(velocity, b.constant(coefficients.momentum()))), List.of(velocity));
    }

    Step adam() {
        Value mean = mean(0, gradient, coefficients.beta1());
        Value square = mean(1, b.square(gradient), coefficients.beta2());
        Value correctedMean = corrected(mean, StepScalar.MEAN_CORRECTION);
        Value correctedSquare = corrected(square, StepScalar.SQUARE_CORRECTION);
        return new Step(overRoot(correctedMean, correctedSquare), List.of(mean, square));
    }

    Step adamax() {
        Value mean = mean(0, gradient, coefficients.beta1());
        Value magnitude = b.select(b.greater(gradient, b.constant(0)), gradient, b.neg(gradient));
        Value maximum = max(
                b.mul(moments.get(1), b.constant(coefficients.beta2())),
                b.add(magnitude, b.constant(coefficients.epsilon())));
        return new Step(b.div(corrected(mean, StepScalar.MEAN_CORRECTION), maximum), List.of(mean, maximum));
    }

    Step nadam() {
        Value mean = mean(0, gradient, coefficients.beta1());
        Value square = mean(1, b.square(gradient), coefficients.beta2());
        Value ahead = b.add(
                b.mul(corrected(mean, StepScalar.NEXT_MEAN_CORRECTION), b.constant(coefficients.beta1())),
                b.mul(corrected(gradient, StepScalar.MEAN_CORRECTION), b.constant(1 - coefficients.beta1())));
        return new Step(overRoot(ahead, corrected(square, StepScalar.SQUARE_CORRECTION)), List.of(mean, square));
    }

    Step amsgrad() {
        Value mean = mean(0, gradient, coefficients.beta1());
        Value square = mean(1, b.square(gradient), coefficients.beta2());
        Value largest = max(moments.get(2), corrected(square, StepScalar.SQUARE_CORRECTION));
        return new Step(overRoot(corrected(mean, StepScalar.MEAN_CORRECTION), largest), List.of(mean, square, largest));
    }

    Step adagrad() {
        Value sum = b.add(moments.get(0), b.square(gradient));
        return new Step(overRoot(gradient, sum), List.of(sum));
    }

    Step rmsprop() {
        Value square = mean(0, b.square(gradient), coefficients.beta2());
        return new Step(overRoot(gradient, square), List.of(square));
    }

    Step adadelta() {
        Value square = mean(0, b.square(gradient), coefficients.beta2());
        Value epsilon = b.constant(coefficients.epsilon());
        Value step = b.div(b.mul(gradient, b.sqrt(b.add(moments.get(1), epsilon))), b.sqrt(b.add(square, epsilon)));
        return new Step(step, List.of(square, mean(1, b.square(step), coefficients.beta2())));
    }

    Step lion() {
        Value direction = mean(0, gradient, coefficients.beta1());
        Value zero = b.constant(0);
        Value sign = b.sub(b.greater(direction, zero), b.greater(zero, direction));
        return new Step(sign, List.of(mean(0, gradient, coefficients.beta2())));
    }

    Step radam() {
        Step adam = adam();
        Value factor = scalars.apply(StepScalar.RECTIFICATION);
        Value mean = corrected(adam.moments().get(0), StepScalar.MEAN_CORRECTION);
        return new Step(b.select(b.greater(factor, b.constant(0)), b.mul(adam.step(), factor), mean), adam.moments());
    }

    /** μ v + g. */
    private Value velocity() {
        return b.add(b.mul(moments.get(0), b.constant(coefficients.momentum())), gradient);
    }

    /** β m + (1 - β) x, for the moment of an index. */
    private Value mean(int moment, Value x, double beta) {
        return b.add(b.mul(moments.get(moment), b.constant(beta)), b.mul(x, b.constant(1 - beta)));
    }

    private Value corrected(Value mean, StepScalar correction) {
        return b.div(mean, scalars.apply(correction));
    }

    /** x / (√s + ε). */
    private Value overRoot(Value x, Value square) {
        return b.div(x, b.add(root(square), b.constant(coefficients.epsilon())));
    }

    private Value root(Value square) {
        Value positive = b.greater(square, b.constant(0));
        return b.select(positive, b.sqrt(b.select(positive, square, b.constant(1))), b.constant(0));
    }

    private Value max(Value x, Value y) {
        return b.select(b.greater(x, y), x, y);
    }
}
