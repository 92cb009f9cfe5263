package dev.kindling.job.model;

import dev.kindling.job.random.RandomStream;
import java.util.Arrays;
import java.util.List;

/** An initialiser of weights and biases; the values of {@code model.initializer} that name a distribution. */
enum Initializer {
    /** Uniform in ±1/√fan-in, biases too. */
    FAN_IN_UNIFORM("fan-in-uniform") {
        @Override
        double weight(Parameter parameter, RandomStream stream) {
            double bound = 1 / StrictMath.sqrt(parameter.fanIn());
            return stream.nextDouble(-bound, bound);
        }

        @Override
        double bias(Parameter parameter, RandomStream stream) {
            return weight(parameter, stream);
        }
    },
    /** Normal with standard deviation 0.01, redrawn beyond two standard deviations; biases 0. */
    TRUNCATED_NORMAL("truncated-normal-0.01") {
        @Override
        double weight(Parameter parameter, RandomStream stream) {
            return 0.01 * stream.nextTruncatedNormal(2);
        }
    },
    /** Normal of variance 2 / fan-in (He et al. 2015, equation 10); biases 0. */
    HE_NORMAL("he-normal") {
        @Override
        double weight(Parameter parameter, RandomStream stream) {
            return StrictMath.sqrt(2.0 / parameter.fanIn()) * stream.nextNormal();
        }
    },
    /** Normal of variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010, equation 12); biases 0. */
    GLOROT_NORMAL("glorot-normal") {
        @Override
        double weight(Parameter parameter, RandomStream stream) {
            return StrictMath.sqrt(2.0 / (parameter.fanIn() + parameter.fanOut())) * stream.nextNormal();
        }
    };

    private final String key;

    Initializer(String key) {
        this.key = key;
    }

    /**
     * The initialiser of a value of {@code model.initializer}; IllegalArgumentException listing the values if there is
     * none.
     */
    static Initializer named(String key) {
        return Arrays.stream(values())
                .filter(initializer -> initializer.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("model.initializer is " + key + "; it must be one of "
                        + ModelSettings.PRESETS_OWN + ", " + String.join(", ", keys())));
    }

    static List<String> keys() {
        return Arrays.stream(values()).map(initializer -> initializer.key).toList();
    }

    abstract double weight(Parameter parameter, RandomStream stream);

    double bias(Parameter parameter, RandomStream stream) {
        return 0;
    }

    /** The initial value of the next number of the parameter's array. */
    final double draw(Parameter parameter, RandomStream stream) {
        return switch (parameter.role()) {
            case WEIGHT -> weight(parameter, stream);
            case BIAS -> bias(parameter, stream);
            case SCALE, VARIANCE -> 1;
            case SHIFT, MEAN -> 0;
        };
    }
}
