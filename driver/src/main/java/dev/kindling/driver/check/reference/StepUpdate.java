package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.List;

/**
 * The inner optimizer in Java: the update of one parameter from its gradient. Its state is the arrays {@code
 * moment.<moment>.<parameter>} and {@code power.<name>}.
 *
 * @param kind sgd, momentum (Polyak, 1964), rmsprop (Hinton, 2012) or adam (Kingma and Ba, 2015, algorithm 1)
 */
record StepUpdate(Kind kind, double beta1, double beta2, double epsilon) {
    /** The types of inner optimizers. */
    enum Kind {
        SGD,
        MOMENTUM,
        RMSPROP,
        ADAM
    }

    /** A step, and the optimizer's state after it. */
    record Step(Dual step, NamedDuals state) {}

    static StepUpdate of(AlgorithmConfig config) {
        return new StepUpdate(
                config.choice("algorithm.inner-optimizer", Kind.class),
                config.number("algorithm.inner-beta1"),
                config.number("algorithm.inner-beta2"),
                config.number("algorithm.inner-epsilon"));
    }

    /** The state before the first step, for the parameters that adapt. */
    NamedDuals begin(NamedDuals parameters, List<String> adapting) {
        NamedDuals state = NamedDuals.constant(NamedArrays.empty());
        if (kind == Kind.ADAM) {
            state = state.with("power.beta1", Dual.constant(1)).with("power.beta2", Dual.constant(1));
        }
        for (String name : adapting) {
            for (String moment : moments()) {
                state = state.with(
                        moment + name,
                        Dual.constant(new double[parameters.get(name).value().length]));
            }
        }
        return state;
    }

    private List<String> moments() {
        return switch (kind) {
            case SGD -> List.of();
            case MOMENTUM -> List.of("moment.velocity.");
            case RMSPROP -> List.of("moment.square.");
            case ADAM -> List.of("moment.mean.", "moment.square.");
        };
    }

    /** The state with the powers of β of the next step; called once per step for all parameters. */
    NamedDuals advance(NamedDuals state) {
        return kind == Kind.ADAM
                ? state.with("power.beta1", state.get("power.beta1").times(beta1))
                        .with("power.beta2", state.get("power.beta2").times(beta2))
                : state;
    }

    /** The step of one parameter, to be multiplied by the learning rate and subtracted. */
    Step step(String name, Dual gradient, NamedDuals state) {
        switch (kind) {
            case SGD -> {
                return new Step(gradient, state);
            }
            case MOMENTUM -> {
                Dual velocity =
                        gradient.plus(state.get("moment.velocity." + name).times(beta1));
                return new Step(velocity, state.with("moment.velocity." + name, velocity));
            }
            case RMSPROP -> {
                Dual square = mean(state.get("moment.square." + name), gradient.times(gradient), beta2);
                return new Step(
                        gradient.over(square.root().plus(epsilon)), state.with("moment.square." + name, square));
            }
            case ADAM -> {
                Dual mean = mean(state.get("moment.mean." + name), gradient, beta1);
                Dual square = mean(state.get("moment.square." + name), gradient.times(gradient), beta2);
                Dual unbiasedMean = mean.over(unbias(state.get("power.beta1")));
                Dual unbiasedSquare = square.over(unbias(state.get("power.beta2")));
                return new Step(
                        unbiasedMean.over(unbiasedSquare.root().plus(epsilon)),
                        state.with("moment.mean." + name, mean).with("moment.square." + name, square));
            }
            default -> throw new IllegalStateException("no rule for " + kind);
        }
    }

    private static Dual unbias(Dual power) {
        return Dual.constant(1).minus(power);
    }

    private static Dual mean(Dual before, Dual seen, double beta) {
        return before.times(beta).plus(seen.times(1 - beta));
    }
}
