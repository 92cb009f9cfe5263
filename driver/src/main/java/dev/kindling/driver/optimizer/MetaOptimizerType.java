package dev.kindling.driver.optimizer;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;

/** The meta-optimizers: ND4J's updaters with ND4J's own constants. */
public enum MetaOptimizerType {
    SGD,
    /** Momentum 0.9. */
    NESTEROVS,
    /** β₁ 0.9, β₂ 0.999, ε 1e-8. */
    ADAM,
    /** Adam with decoupled weight decay, {@code optimizer.weight-decay}. */
    ADAMW,
    ADAMAX,
    NADAM,
    AMSGRAD,
    /** ε 1e-6; the accumulator starts at ε, not at 0. */
    ADAGRAD,
    /** Decay 0.95, ε 1e-8; the accumulator starts at ε, not at 0. */
    RMSPROP,
    /** Zeiler's method has no learning rate; the schedule multiplies its step, and 1 is the original method. */
    ADADELTA;

    /** The value of {@code optimizer.name}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type of a value of {@code optimizer.name}; IllegalArgumentException with the known names if there is none. */
    public static MetaOptimizerType named(String key) {
        return Arrays.stream(values())
                .filter(type -> type.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("optimizer.name is " + key + "; it must be one of "
                        + Arrays.stream(values()).map(MetaOptimizerType::key).collect(Collectors.joining(", "))));
    }

    /** Whether the type has weight decay. */
    boolean decays() {
        return this == ADAMW;
    }

    IUpdater updater() {
        return switch (this) {
            case SGD -> new Sgd();
            case NESTEROVS -> new Nesterovs();
            case ADAM, ADAMW -> new Adam();
            case ADAMAX -> new AdaMax();
            case NADAM -> new Nadam();
            case AMSGRAD -> new AMSGrad();
            case ADAGRAD -> new AdaGrad();
            case RMSPROP -> new RmsProp();
            case ADADELTA -> new AdaDelta();
        };
    }
}
