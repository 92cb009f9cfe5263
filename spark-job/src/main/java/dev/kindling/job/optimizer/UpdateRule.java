package dev.kindling.job.optimizer;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.List;
import java.util.function.Function;

/**
 * The update rules of optimizers for a gradient g, expressed as values, so that a method can differentiate through a step.
 * A rule gives the step s of θ ← θ - α s; the learning rate α and weight decay are applied by its caller. Moments are
 * arrays of the parameter's shape, 0 before the first step; t counts steps from 1 on, and x̂ is x divided by its bias
 * correction. ε is added to roots after the bias correction, as PyTorch and optax do.
 *
 * <p>At 0 the square root of a mean of squares has no derivative: all gradients so far were 0, the step is 0, and the
 * derivative of the root is defined as 0.
 */
public enum UpdateRule {
    /** s = g. */
    SGD,
    /** v ← μ v + g; s = v (Polyak, 1964). */
    MOMENTUM,
    /** v ← μ v + g; s = g + μ v: Nesterov's momentum as PyTorch and optax write it (Sutskever and others, ICML 2013). */
    NESTEROVS,
    /** m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; s = m̂ / (√v̂ + ε) (Kingma and Ba, ICLR 2015, algorithm 1). */
    ADAM,
    /** Adam, with weight decay by default (Loshchilov and Hutter, ICLR 2019, algorithm 2). */
    ADAMW,
    /** u ← max(β₂ u, |g| + ε); s = m̂ / u (Kingma and Ba, ICLR 2015, algorithm 2, with ε as PyTorch and optax add it). */
    ADAMAX,
    /**
     * s = (β₁ m / (1 - β₁ᵗ⁺¹) + (1 - β₁) g / (1 - β₁ᵗ)) / (√v̂ + ε) (Dozat, 2016) with a constant β₁, as optax has it;
     * PyTorch's β₁ grows by a schedule.
     */
    NADAM,
    /**
     * w ← max(w, v̂); s = m̂ / (√w + ε) (Reddi, Kale and Kumar, ICLR 2018) with the maximum over corrected means, as optax
     * has it; PyTorch takes it before the correction.
     */
    AMSGRAD,
    /**
     * w ← w + g²; s = g / (√w + ε) (Duchi, Hazan and Singer, 2011) as PyTorch has it; optax starts w at 0.1 and adds ε under
     * the root.
     */
    ADAGRAD,
    /**
     * v ← β₂ v + (1 - β₂) g²; s = g / (√v + ε) (Hinton, 2012) as PyTorch has it, and optax with {@code eps_in_sqrt = False}.
     */
    RMSPROP,
    /**
     * v ← β₂ v + (1 - β₂) g²; s = g √(w + ε) / √(v + ε); w ← β₂ w + (1 - β₂) s² (Zeiler, 2012; β₂ is Zeiler's ρ). A learning
     * rate of 1 is the original method.
     */
    ADADELTA,
    /** s = sign(β₁ m + (1 - β₁) g); m ← β₂ m + (1 - β₂) g (Chen and others, NeurIPS 2023). */
    LION,
    /**
     * s = rₜ m̂ / (√v̂ + ε) where {@link StepScalar#RECTIFICATION} is not 0, else m̂ (Liu and others, ICLR 2020) as optax has
     * it; PyTorch adds ε before the bias correction.
     */
    RADAM;

    /** The name of the moment that is a mean of squares. */
    public static final String SQUARE = "square";

    private static final String MEAN = "mean";
    private static final String VELOCITY = "velocity";

    /** The names of a parameter's moments. */
    public List<String> moments() {
        return switch (this) {
            case SGD -> List.of();
            case MOMENTUM, NESTEROVS -> List.of(VELOCITY);
            case ADAM, ADAMW, NADAM, RADAM -> List.of(MEAN, SQUARE);
            case ADAMAX -> List.of(MEAN, "maximum");
            case AMSGRAD -> List.of(MEAN, SQUARE, "largest-square");
            case ADAGRAD -> List.of("sum-of-squares");
            case RMSPROP -> List.of(SQUARE);
            case ADADELTA -> List.of(SQUARE, "step-square");
            case LION -> List.of(MEAN);
        };
    }

    /** Whether the rule has a coefficient. */
    public boolean uses(Coefficient coefficient) {
        return switch (this) {
            case SGD -> false;
            case MOMENTUM, NESTEROVS -> coefficient == Coefficient.MOMENTUM;
            case ADAM, ADAMW, ADAMAX, NADAM, AMSGRAD, RADAM -> coefficient != Coefficient.MOMENTUM;
            case ADAGRAD -> coefficient == Coefficient.EPSILON;
            case RMSPROP, ADADELTA -> coefficient == Coefficient.BETA2 || coefficient == Coefficient.EPSILON;
            case LION -> coefficient == Coefficient.BETA1 || coefficient == Coefficient.BETA2;
        };
    }

    /** The scalars that {@link #step} reads. */
    public List<StepScalar> scalars() {
        return switch (this) {
            case SGD, MOMENTUM, NESTEROVS, ADAGRAD, RMSPROP, ADADELTA, LION -> List.of();
            case ADAMAX -> List.of(StepScalar.MEAN_CORRECTION);
            case ADAM, ADAMW, AMSGRAD -> List.of(StepScalar.MEAN_CORRECTION, StepScalar.SQUARE_CORRECTION);
            case NADAM ->
                List.of(StepScalar.MEAN_CORRECTION, StepScalar.NEXT_MEAN_CORRECTION, StepScalar.SQUARE_CORRECTION);
            case RADAM -> List.of(StepScalar.MEAN_CORRECTION, StepScalar.SQUARE_CORRECTION, StepScalar.RECTIFICATION);
        };
    }

    /** The usual coefficients: those of PyTorch, and optax's for Lion, which PyTorch lacks. */
    public Coefficients defaults() {
        Coefficients common = new Coefficients(0.9, 0.9, 0.999, 1e-8);
        return switch (this) {
            case ADAGRAD -> common.with(Coefficient.EPSILON, 1e-10);
            case RMSPROP -> common.with(Coefficient.BETA2, 0.99);
            case ADADELTA -> common.with(Coefficient.BETA2, 0.9).with(Coefficient.EPSILON, 1e-6);
            case LION -> common.with(Coefficient.BETA2, 0.99);
            default -> common;
        };
    }

    /** The usual weight decay λ: PyTorch's for AdamW, optax's for Lion, 0 for the others. */
    public double defaultWeightDecay() {
        return switch (this) {
            case ADAMW -> 0.01;
            case LION -> 0.001;
            default -> 0;
        };
    }

    /**
     * The result of a step.
     *
     * @param step s, to be multiplied by the learning rate and subtracted from the parameter
     * @param moments after the step
     */
    public record Step(Value step, List<Value> moments) {}

    /**
     * The step of one parameter.
     *
     * @param moments of the parameter, in the order of {@link #moments()}
     * @param scalars gives the value of each scalar of {@link #scalars}
     */
    public Step step(
            ProgramBuilder b,
            Coefficients coefficients,
            Value gradient,
            List<Value> moments,
            Function<StepScalar, Value> scalars) {
        StepFormula formula = new StepFormula(b, coefficients, gradient, moments, scalars);
        return switch (this) {
            case SGD -> new Step(gradient, List.of());
            case MOMENTUM -> formula.momentum();
            case NESTEROVS -> formula.nesterovs();
            case ADAM, ADAMW -> formula.adam();
            case ADAMAX -> formula.adamax();
            case NADAM -> formula.nadam();
            case AMSGRAD -> formula.amsgrad();
            case ADAGRAD -> formula.adagrad();
            case RMSPROP -> formula.rmsprop();
            case ADADELTA -> formula.adadelta();
            case LION -> formula.lion();
            case RADAM -> formula.radam();
        };
    }
}
