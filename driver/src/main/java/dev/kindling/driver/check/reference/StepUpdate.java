package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.List;

/**
 * The inner optimizer in Java: what a step makes of a gradient. Its arrays are {@code moment.<moment>.<parameter>} and {@code
 * power.<name>}.
 *
 * @param kind sgd, momentum (Polyak, 1964), rmsprop (Hinton, 2012) or adam (Kingma and Ba, 2015, algorithm 1)
 */
record StepUpdate(Kind kind, double beta1, double beta2, double epsilon) {
    /** The rules. */
    enum Kind {
        SGD,
        MOMENTUM,
        RMSPROP,
        ADAM
    }

    /** A step, and the optimizer's arrays after it. */
    record Step(double[] step, NamedArrays state) {}

    static StepUpdate of(AlgorithmConfig config) {
        return new StepUpdate(
                config.choice("algorithm.inner-optimizer", Kind.class),
                config.number("algorithm.inner-beta1"),
                config.number("algorithm.inner-beta2"),
                config.number("algorithm.inner-epsilon"));
    }

    /** The arrays before the first step of the parameters of the given names and sizes. */
    NamedArrays begin(NamedArrays parameters, List<String> adapting) {
        NamedArrays state = NamedArrays.empty();
        if (kind == Kind.ADAM) {
            state = state.with("power.beta1", 1).with("power.beta2", 1);
        }
        for (String name : adapting) {
            for (String moment : moments()) {
                state = state.with(moment + name, new double[parameters.get(name).length]);
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

    /** The arrays with the powers of β as they are in the next step; once for all parameters. */
    NamedArrays advance(NamedArrays state) {
        return kind == Kind.ADAM
                ? state.with("power.beta1", state.get("power.beta1")[0] * beta1)
                        .with("power.beta2", state.get("power.beta2")[0] * beta2)
                : state;
    }

    /** The step of one parameter, to be multiplied with the rate and subtracted. */
    Step step(String name, double[] gradient, NamedArrays state) {
        double[] step = gradient.clone();
        switch (kind) {
            case SGD -> {
                return new Step(step, state);
            }
            case MOMENTUM -> {
                double[] before = state.get("moment.velocity." + name);
                for (int i = 0; i < step.length; i++) {
                    step[i] += beta1 * before[i];
                }
                return new Step(step, state.with("moment.velocity." + name, step.clone()));
            }
            case RMSPROP -> {
                double[] square = mean(state.get("moment.square." + name), squared(gradient), beta2);
                for (int i = 0; i < step.length; i++) {
                    step[i] = gradient[i] / (Math.sqrt(square[i]) + epsilon);
                }
                return new Step(step, state.with("moment.square." + name, square));
            }
            case ADAM -> {
                double[] mean = mean(state.get("moment.mean." + name), gradient, beta1);
                double[] square = mean(state.get("moment.square." + name), squared(gradient), beta2);
                double unbiasMean = 1 - state.get("power.beta1")[0];
                double unbiasSquare = 1 - state.get("power.beta2")[0];
                for (int i = 0; i < step.length; i++) {
                    step[i] = mean[i] / unbiasMean / (Math.sqrt(square[i] / unbiasSquare) + epsilon);
                }
                return new Step(step, state.with("moment.mean." + name, mean).with("moment.square." + name, square));
            }
            default -> throw new IllegalStateException("no rule for " + kind);
        }
    }

    private static double[] squared(double[] a) {
        double[] squares = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            squares[i] = a[i] * a[i];
        }
        return squares;
    }

    private static double[] mean(double[] before, double[] seen, double beta) {
        double[] mean = new double[before.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = beta * before[i] + (1 - beta) * seen[i];
        }
        return mean;
    }
}
