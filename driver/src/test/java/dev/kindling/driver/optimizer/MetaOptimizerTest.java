package dev.kindling.driver.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetaOptimizerTest {
    private static final double RATE = 0.1;

    /** Weight decay, which only AdamW must use. */
    private static final double DECAY = 0.3;

    /** The step of one parameter by the published formula, written without ND4J: the value that is subtracted from θ. */
    private interface Formula {
        double step(double gradient, int t);
    }

    /** The formula of each type with its constants, for one parameter; fresh state for each call. */
    private static Formula formula(MetaOptimizerType type) {
        double[] m = {0};
        double[] v = {0};
        double[] h = {0};
        double b1 = 0.9;
        double b2 = 0.999;
        double eps = 1e-8;
        return switch (type) {
            case SGD -> (g, t) -> RATE * g;
            case NESTEROVS ->
                (g, t) -> {
                    double before = v[0];
                    v[0] = 0.9 * before - RATE * g;
                    return 0.9 * before - 1.9 * v[0];
                };
            case ADAM, ADAMW ->
                (g, t) -> {
                    m[0] = b1 * m[0] + (1 - b1) * g;
                    v[0] = b2 * v[0] + (1 - b2) * g * g;
                    double alpha = RATE * Math.sqrt(1 - Math.pow(b2, t)) / (1 - Math.pow(b1, t));
                    return alpha * m[0] / (Math.sqrt(v[0]) + eps);
                };
            case ADAMAX ->
                (g, t) -> {
                    m[0] = b1 * m[0] + (1 - b1) * g;
                    v[0] = Math.max(b2 * v[0], Math.abs(g));
                    return RATE / (1 - Math.pow(b1, t)) * m[0] / v[0];
                };
            case NADAM ->
                (g, t) -> {
                    m[0] = b1 * m[0] + (1 - b1) * g;
                    v[0] = b2 * v[0] + (1 - b2) * g * g;
                    return RATE * (b1 * m[0] + (1 - b1) * g) / (1 - Math.pow(b1, t)) / (Math.sqrt(v[0]) + eps);
                };
            case AMSGRAD ->
                (g, t) -> {
                    m[0] = b1 * m[0] + (1 - b1) * g;
                    v[0] = b2 * v[0] + (1 - b2) * g * g;
                    h[0] = Math.max(h[0], v[0]);
                    double alpha = RATE * Math.sqrt(1 - Math.pow(b2, t)) / (1 - Math.pow(b1, t));
                    return alpha * m[0] / (Math.sqrt(h[0]) + eps);
                };
            // Both of ND4J's accumulators start at ε, not at 0.
            case ADAGRAD ->
                (g, t) -> {
                    v[0] += (t == 1 ? 1e-6 : 0) + g * g;
                    return RATE * g / (Math.sqrt(v[0]) + 1e-6);
                };
            case RMSPROP ->
                (g, t) -> {
                    v[0] = 0.95 * (t == 1 ? eps : v[0]) + 0.05 * g * g;
                    return RATE * g / (Math.sqrt(v[0]) + eps);
                };
            case ADADELTA ->
                (g, t) -> {
                    v[0] = 0.95 * v[0] + 0.05 * g * g;
                    double step = g * Math.sqrt(h[0] + 1e-6) / Math.sqrt(v[0] + 1e-6);
                    h[0] = 0.95 * h[0] + 0.05 * step * step;
                    return RATE * step;
                };
        };
    }

    private static MetaOptimizer optimizer(MetaOptimizerType type, Precision precision, int size) {
        return new MetaOptimizer(new OptimizerSettings(type, new Schedule.Constant(RATE), DECAY), 100, precision, size);
    }

    @ParameterizedTest
    @EnumSource(MetaOptimizerType.class)
    void aRateOfZeroLeavesThetaBitwiseUnchanged(MetaOptimizerType type) {
        Schedule warmUp = new Schedule.WarmUp(0, 2, new Schedule.Constant(RATE));
        MetaOptimizer optimizer =
                new MetaOptimizer(new OptimizerSettings(type, warmUp, DECAY), 100, Precision.DOUBLE, 2);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 0.3, -1e-9);
        optimizer.update(0, FlatVector.of(Precision.DOUBLE, 0.7, -2), theta);
        assertThat(theta).isEqualTo(FlatVector.of(Precision.DOUBLE, 0.3, -1e-9));
        assertThat(optimizer.updates()).isEqualTo(1);
        optimizer.update(1, FlatVector.of(Precision.DOUBLE, 0.7, -2), theta);
        assertThat(theta.at(0)).isNotEqualTo(0.3);
    }

    @Test
    void threeRoundsOfAdamAgreeWithAHandCalculation() {
        // g = 1, -2, 0.5; β₁ 0.9, β₂ 0.999, α 0.1; the second form of Kingma and Ba:
        // t=1: m 0.1        v 0.001        α₁ = 0.1·√0.001/0.1             = 0.0316227766016838
        //      θ = 1 - α₁·0.1/(0.0316227766016838 + 1e-8)                  = 0.9000000316227666
        // t=2: m -0.11      v 0.004999     α₂ = 0.1·√0.001999/0.19         = 0.0235317033966006
        //      θ += α₂·0.11/(0.0707036066972541 + 1e-8)                    = 0.9366109174590
        // t=3: m -0.049     v 0.005244001  α₃ = 0.1·√0.002997001/0.271     = 0.0202010933866
        //      θ += α₃·0.049/(0.0724154748 + 1e-8)
        double a1 = 0.1 * Math.sqrt(0.001) / 0.1;
        double a2 = 0.1 * Math.sqrt(0.001999) / 0.19;
        double a3 = 0.1 * Math.sqrt(0.002997001) / 0.271;
        double first = 1 - a1 * 0.1 / (Math.sqrt(0.001) + 1e-8);
        double second = first + a2 * 0.11 / (Math.sqrt(0.004999) + 1e-8);
        double third = second + a3 * 0.049 / (Math.sqrt(0.005244001) + 1e-8);
        assertThat(first).isCloseTo(0.9000000316227666, within(1e-15));

        MetaOptimizer adam = optimizer(MetaOptimizerType.ADAM, Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 1);
        double[] gradients = {1, -2, 0.5};
        double[] expected = {first, second, third};
        for (int round = 0; round < 3; round++) {
            adam.update(round, FlatVector.of(Precision.DOUBLE, gradients[round]), theta);
            assertThat(theta.at(0)).as("θ after round %d", round).isCloseTo(expected[round], within(1e-14));
        }
        assertThat(adam.state().updates()).isEqualTo(3);
        assertThat(adam.state().moments().get("M").at(0)).isCloseTo(-0.049, within(1e-15));
        assertThat(adam.state().moments().get("V").at(0)).isCloseTo(0.005244001, within(1e-15));
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodFollowsItsFormulaInDoublePrecision(MetaOptimizerType type) {
        follows(type, Precision.DOUBLE, 1e-11);
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodFollowsItsFormulaInFloatPrecision(MetaOptimizerType type) {
        // 1 - β₂ in float is off by 5e-5 of itself, and Adam's bias correction cancels only part of that.
        follows(type, Precision.FLOAT, 2e-4);
    }

    private static void follows(MetaOptimizerType type, Precision precision, double tolerance) {
        int size = 37;
        MetaOptimizer optimizer = optimizer(type, precision, size);
        Formula[] formulas = new Formula[size];
        double[] expected = new double[size];
        RandomStream stream = RandomStream.of(5, type.name().hashCode());
        FlatVector theta = FlatVector.zeros(precision, size);
        for (int i = 0; i < size; i++) {
            formulas[i] = formula(type);
            theta.set(i, stream.nextNormal());
            expected[i] = theta.at(i);
        }
        for (int round = 0; round < 12; round++) {
            FlatVector gradient = FlatVector.zeros(precision, size);
            for (int i = 0; i < size; i++) {
                gradient.set(i, stream.nextNormal());
                double shrunk = type == MetaOptimizerType.ADAMW ? expected[i] * (1 - RATE * DECAY) : expected[i];
                expected[i] = shrunk - formulas[i].step(gradient.at(i), round + 1);
            }
            FlatVector before = gradient.copy();
            optimizer.update(round, gradient, theta);
            assertThat(gradient).as("the caller's gradient").isEqualTo(before);
        }
        assertThat(theta.toDoubles()).usingComparatorWithPrecision(tolerance).containsExactly(expected);
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodGivesTheSameBitsAgainAndAfterARestore(MetaOptimizerType type) {
        for (Precision precision : Precision.values()) {
            int size = 5003;
            MetaOptimizer whole = optimizer(type, precision, size);
            FlatVector theta = FlatVector.zeros(precision, size);
            run(whole, 0, 10, theta);

            MetaOptimizer first = optimizer(type, precision, size);
            FlatVector resumed = FlatVector.zeros(precision, size);
            run(first, 0, 4, resumed);
            OptimizerState saved = first.state();
            run(first, 4, 1, resumed.copy());
            MetaOptimizer second = optimizer(type, precision, size);
            second.restore(saved);
            assertThat(second.state()).isEqualTo(saved);
            run(second, 4, 6, resumed);

            assertThat(resumed).isEqualTo(theta);
            assertThat(second.state()).isEqualTo(whole.state());
        }
    }

    private static void run(MetaOptimizer optimizer, int firstRound, int rounds, FlatVector theta) {
        for (int round = firstRound; round < firstRound + rounds; round++) {
            RandomStream stream = RandomStream.of(9, round);
            FlatVector gradient = FlatVector.zeros(theta.precision(), theta.size());
            for (int i = 0; i < gradient.size(); i++) {
                gradient.set(i, stream.nextNormal());
            }
            optimizer.update(round, gradient, theta);
        }
    }

    @Test
    void theRateFollowsItsSchedule() {
        Schedule schedule = new Schedule.Linear(1, 0);
        MetaOptimizer sgd = new MetaOptimizer(
                new OptimizerSettings(MetaOptimizerType.SGD, schedule, DECAY), 4, Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, 1);
        for (int round = 0; round < 4; round++) {
            sgd.update(round, FlatVector.of(Precision.DOUBLE, -1), theta);
        }
        assertThat(theta.at(0)).isEqualTo(1 + 0.75 + 0.5 + 0.25);
    }

    /**
     * Two steps as PyTorch's documentation of AdamW writes them: α 0.1, λ 0.3, θ 2, g = 1 and -2. A decay that went into the
     * gradient instead, as L2 regularisation does, would leave the first step at 0.1 whatever λ is.
     */
    @Test
    void twoRoundsOfAdamWAgreeWithAHandCalculation() {
        // t=1: θ 2 · (1 - 0.03) = 1.94, then Adam's first step 0.1 · 1: 1.84
        // t=2: m̂ -0.11 / 0.19 = -0.578947, v̂ 0.004999 / 0.001999 = 2.500750; θ 1.84 · 0.97 + 0.1 · 0.578947 /
        // 1.581376
        double first = 2 * 0.97 - 0.1;
        double second = first * 0.97 + 0.1 * (0.11 / 0.19) / Math.sqrt(0.004999 / 0.001999);
        MetaOptimizer adamw = optimizer(MetaOptimizerType.ADAMW, Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 2);
        adamw.update(0, FlatVector.of(Precision.DOUBLE, 1), theta);
        assertThat(theta.at(0)).isCloseTo(first, within(1e-7));
        adamw.update(1, FlatVector.of(Precision.DOUBLE, -2), theta);
        assertThat(theta.at(0)).isCloseTo(second, within(1e-7));
    }

    @Test
    void decayFollowsTheScheduleOfTheRate() {
        MetaOptimizer adamw = new MetaOptimizer(
                new OptimizerSettings(MetaOptimizerType.ADAMW, new Schedule.Linear(1, 0), 0.5), 4, Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 64);
        for (int round = 0; round < 4; round++) {
            adamw.update(round, FlatVector.of(Precision.DOUBLE, 0), theta);
        }
        assertThat(theta.at(0)).isEqualTo(64 * 0.5 * 0.625 * 0.75 * 0.875);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new OptimizerSettings(MetaOptimizerType.ADAMW, new Schedule.Constant(1), -0.1))
                .withMessage("optimizer.weight-decay is -0.1; it must be a finite number, 0 or above");
    }

    @Test
    void aStepToInfinityIsRefusedAndThetaKeepsItsLastFiniteValue() {
        MetaOptimizer sgd = optimizer(MetaOptimizerType.SGD, Precision.FLOAT, 2);
        FlatVector theta = FlatVector.of(Precision.FLOAT, 1, -3.3e38);
        assertThatThrownBy(() -> sgd.update(7, FlatVector.of(Precision.FLOAT, 1, 3e38), theta))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("round 7")
                .hasMessageContaining("optimizer.learning-rate");
        assertThat(theta).isEqualTo(FlatVector.of(Precision.FLOAT, 1, -3.3e38));
    }

    @Test
    void aStateOfAnotherMethodOrSizeIsRefused() {
        MetaOptimizer adam = optimizer(MetaOptimizerType.ADAM, Precision.FLOAT, 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> adam.restore(new OptimizerState(1, new TreeMap<>())))
                .withMessageContaining("[M, V]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> adam.restore(
                        optimizer(MetaOptimizerType.ADAM, Precision.FLOAT, 4).state()))
                .withMessageContaining("float[4]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MetaOptimizerType.named("lion"))
                .withMessage(
                        "optimizer.name is lion; it must be one of sgd, nesterovs, adam, adamw, adamax, nadam, amsgrad,"
                                + " adagrad, rmsprop, adadelta");
    }
}
