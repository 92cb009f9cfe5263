package dev.kindling.driver.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.optimizer.Coefficient;
import dev.kindling.job.optimizer.Coefficients;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetaOptimizerTest {
    private static final double RATE = 0.1;
    private static final String VECTOR = "vector";
    private static final String REFERENCE = "reference";

    private static MetaOptimizer optimizer(OptimizerSettings settings, Precision precision, int size) {
        return new MetaOptimizer(settings, 100, layout(size), precision, VECTOR);
    }

    private static MetaOptimizer optimizer(UpdateRule rule, Precision precision, int size) {
        return optimizer(OptimizerSettings.of(rule, new Schedule.Constant(RATE)), precision, size);
    }

    private static OptimizerSettings decaying(UpdateRule rule, Schedule rate, double weightDecay) {
        return new OptimizerSettings(rule, rate, rule.defaults(), weightDecay, List.of());
    }

    private static Layout layout(int size) {
        return Layout.builder().add("theta", Shape.of(size)).build();
    }

    /** The file was written by {@code optax_rounds.py} beside it. */
    @TestFactory
    Stream<DynamicTest> twentyRoundsAgreeWithOptax() throws IOException {
        JsonNode file = new ObjectMapper().readTree(MetaOptimizerTest.class.getResourceAsStream("optax-rounds.json"));
        Set<String> names = new TreeSet<>();
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode expected : file.get("cases")) {
            names.add(expected.get("name").asText());
            String title = expected.get("name").asText() + " " + expected.get("coefficients") + ", weight decay "
                    + expected.get("weight-decay");
            tests.add(DynamicTest.dynamicTest(title, () -> agrees(file, expected)));
        }
        assertThat(names)
                .containsExactlyInAnyOrderElementsOf(Stream.of(UpdateRule.values())
                        .map(rule -> rule.name().toLowerCase(Locale.ROOT))
                        .toList());
        return tests.stream();
    }

    private static void agrees(JsonNode file, JsonNode expected) {
        UpdateRule rule = UpdateRule.valueOf(expected.get("name").asText().toUpperCase(Locale.ROOT));
        Coefficients coefficients = rule.defaults();
        for (Coefficient coefficient : Coefficient.values()) {
            if (expected.get("coefficients").has(coefficient.key())) {
                coefficients = coefficients.with(
                        coefficient,
                        expected.get("coefficients").get(coefficient.key()).asDouble());
            }
        }
        JsonNode decay = expected.get("weight-decay");
        FlatVector theta = FlatVector.of(Precision.DOUBLE, numbers(file.get("theta")));
        // Rates of the file: 0.1 (1 - r / 40), linear over 40 rounds.
        MetaOptimizer optimizer = new MetaOptimizer(
                new OptimizerSettings(
                        rule,
                        new Schedule.Linear(RATE, 0),
                        coefficients,
                        decay.isNull() ? rule.defaultWeightDecay() : decay.asDouble(),
                        List.of()),
                40,
                layout(theta.size()),
                Precision.DOUBLE,
                VECTOR);
        for (int round = 0; round < 20; round++) {
            FlatVector gradient = FlatVector.of(
                    Precision.DOUBLE, numbers(file.get("gradients").get(round)));
            optimizer.update(round, gradient, theta);
            assertThat(theta.toDoubles())
                    .as("θ after round %d", round)
                    .containsExactly(numbers(expected.get("thetas").get(round)), within(1e-12));
        }
    }

    private static double[] numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    @Test
    void threeRoundsOfAdamAgreeWithAHandCalculation() {
        // g = 1, -2, 0.5; β₁ 0.9, β₂ 0.999, α 0.1; Kingma and Ba, algorithm 1:
        // t=1: m 0.1     v 0.001        m̂ 1                   v̂ 1
        // t=2: m -0.11   v 0.004999     m̂ -0.11 / 0.19        v̂ 0.004999 / 0.001999
        // t=3: m -0.049  v 0.005244001  m̂ -0.049 / 0.271      v̂ 0.005244001 / 0.002997001
        double first = 1 - 0.1 / (1 + 1e-8);
        double second = first + 0.1 * (0.11 / 0.19) / (Math.sqrt(0.004999 / 0.001999) + 1e-8);
        double third = second + 0.1 * (0.049 / 0.271) / (Math.sqrt(0.005244001 / 0.002997001) + 1e-8);
        MetaOptimizer adam = optimizer(UpdateRule.ADAM, Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 1);
        double[] gradients = {1, -2, 0.5};
        double[] expected = {first, second, third};
        for (int round = 0; round < 3; round++) {
            adam.update(round, FlatVector.of(Precision.DOUBLE, gradients[round]), theta);
            assertThat(theta.at(0)).as("θ after round %d", round).isCloseTo(expected[round], within(1e-13));
        }
        assertThat(adam.state().updates()).isEqualTo(3);
        assertThat(adam.state().moments().get("mean").at(0)).isCloseTo(-0.049, within(1e-15));
        assertThat(adam.state().moments().get("square").at(0)).isCloseTo(0.005244001, within(1e-15));
    }

    @ParameterizedTest
    @EnumSource(UpdateRule.class)
    void aRateOfZeroLeavesThetaBitwiseUnchanged(UpdateRule rule) {
        Schedule warmUp = new Schedule.WarmUp(0, 2, new Schedule.Constant(RATE));
        MetaOptimizer optimizer = optimizer(decaying(rule, warmUp, 0.3), Precision.DOUBLE, 3);
        FlatVector before = FlatVector.of(Precision.DOUBLE, 0.3, -1e-9, -0.0);
        FlatVector theta = before.copy();
        optimizer.update(0, FlatVector.of(Precision.DOUBLE, 0.7, -2, 1), theta);
        assertThat(theta).isEqualTo(before);
        assertThat(optimizer.updates()).isEqualTo(1);
        optimizer.update(1, FlatVector.of(Precision.DOUBLE, 0.7, -2, 1), theta);
        assertThat(theta.at(0)).isNotEqualTo(0.3);
    }

    @ParameterizedTest
    @EnumSource(UpdateRule.class)
    void floatFollowsDoubleAndTheGradientIsNotWritten(UpdateRule rule) {
        FlatVector doubles = FlatVector.zeros(Precision.DOUBLE, 37);
        run(optimizer(rule, Precision.DOUBLE, 37), 0, 12, doubles);
        FlatVector floats = FlatVector.zeros(Precision.FLOAT, 37);
        run(optimizer(rule, Precision.FLOAT, 37), 0, 12, floats);
        assertThat(floats.toDoubles()).containsExactly(doubles.toDoubles(), within(2e-4));
    }

    /** So a driver without the Vector API goes on with the bits of one that has it. */
    @ParameterizedTest
    @EnumSource(UpdateRule.class)
    void bothBackendsComputeTheSameBits(UpdateRule rule) {
        for (Precision precision : Precision.values()) {
            OptimizerSettings settings = new OptimizerSettings(
                    rule,
                    new Schedule.Linear(RATE, 0),
                    rule.defaults(),
                    0.2,
                    List.of(new ParameterGroup(List.of("theta"), 0.7, OptionalDouble.of(0.1))));
            List<FlatVector> ends = new ArrayList<>();
            List<OptimizerState> states = new ArrayList<>();
            for (String backend : List.of(VECTOR, REFERENCE)) {
                FlatVector theta = FlatVector.zeros(precision, 1500);
                MetaOptimizer optimizer = new MetaOptimizer(settings, 100, layout(1500), precision, backend);
                run(optimizer, 0, 8, theta);
                ends.add(theta);
                states.add(optimizer.state());
            }
            assertThat(ends.get(1)).isEqualTo(ends.get(0));
            assertThat(states.get(1)).isEqualTo(states.get(0));
        }
    }

    /** Reptile's outer step: a product and a difference, each rounded. */
    @Test
    void descentSubtractsTheRoundedProductOfRateAndGradient() {
        MetaOptimizer descent = optimizer(OptimizerSettings.descent(new Schedule.Constant(0.3)), Precision.FLOAT, 500);
        FlatVector theta = FlatVector.zeros(Precision.FLOAT, 500);
        run(descent, 0, 1, theta);
        FlatVector expected = theta.copy();
        for (int i = 0; i < expected.size(); i++) {
            float product = 0.3f * (float) gradient(1, theta).at(i);
            expected.set(i, (float) theta.at(i) - product);
        }
        descent.update(1, gradient(1, theta), theta);
        assertThat(theta).isEqualTo(expected);
    }

    /** More parameters than from which on several threads work, and a last part that is not full. */
    @Test
    void partsAndThreadsDoNotChangeABit() {
        int size = MetaOptimizer.PARALLEL_FROM + MetaOptimizer.PART / 2;
        FlatVector whole = FlatVector.zeros(Precision.FLOAT, size);
        run(optimizer(UpdateRule.ADAM, Precision.FLOAT, size), 0, 3, whole);
        for (int begin : List.of(0, MetaOptimizer.PART - 1, size - 7)) {
            MetaOptimizer adam = optimizer(UpdateRule.ADAM, Precision.FLOAT, 7);
            FlatVector theta = FlatVector.zeros(Precision.FLOAT, 7);
            for (int round = 0; round < 3; round++) {
                FlatVector gradient = FlatVector.zeros(Precision.FLOAT, 7);
                gradient.copyFrom(gradient(round, whole), begin, 0, 7);
                adam.update(round, gradient, theta);
            }
            FlatVector part = FlatVector.zeros(Precision.FLOAT, 7);
            part.copyFrom(whole, begin, 0, 7);
            assertThat(theta).isEqualTo(part);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyRuleGivesTheSameBitsAgainAndAfterARestore(UpdateRule rule) {
        for (Precision precision : Precision.values()) {
            int size = 5003;
            MetaOptimizer whole = optimizer(rule, precision, size);
            FlatVector theta = FlatVector.zeros(precision, size);
            run(whole, 0, 10, theta);

            MetaOptimizer first = optimizer(rule, precision, size);
            FlatVector resumed = FlatVector.zeros(precision, size);
            run(first, 0, 4, resumed);
            OptimizerState saved = first.state();
            run(first, 4, 1, resumed.copy());
            MetaOptimizer second = optimizer(rule, precision, size);
            second.restore(saved);
            assertThat(second.state()).isEqualTo(saved);
            run(second, 4, 6, resumed);

            assertThat(resumed).isEqualTo(theta);
            assertThat(second.state()).isEqualTo(whole.state());
        }
    }

    private static void run(MetaOptimizer optimizer, int firstRound, int rounds, FlatVector theta) {
        for (int round = firstRound; round < firstRound + rounds; round++) {
            FlatVector gradient = gradient(round, theta);
            FlatVector before = gradient.copy();
            optimizer.update(round, gradient, theta);
            assertThat(gradient).as("the caller's gradient").isEqualTo(before);
        }
    }

    private static FlatVector gradient(int round, FlatVector theta) {
        RandomStream stream = RandomStream.of(9, round);
        FlatVector gradient = FlatVector.zeros(theta.precision(), theta.size());
        for (int i = 0; i < gradient.size(); i++) {
            gradient.set(i, stream.nextNormal());
        }
        return gradient;
    }

    @Test
    void theRateFollowsItsSchedule() {
        MetaOptimizer sgd = new MetaOptimizer(
                OptimizerSettings.descent(new Schedule.Linear(1, 0)), 4, layout(1), Precision.DOUBLE, VECTOR);
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
        MetaOptimizer adamw =
                optimizer(decaying(UpdateRule.ADAMW, new Schedule.Constant(RATE), 0.3), Precision.DOUBLE, 1);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 2);
        adamw.update(0, FlatVector.of(Precision.DOUBLE, 1), theta);
        assertThat(theta.at(0)).isCloseTo(first, within(1e-7));
        adamw.update(1, FlatVector.of(Precision.DOUBLE, -2), theta);
        assertThat(theta.at(0)).isCloseTo(second, within(1e-7));
    }

    @Test
    void decayFollowsTheScheduleOfTheRate() {
        MetaOptimizer adamw = new MetaOptimizer(
                decaying(UpdateRule.ADAMW, new Schedule.Linear(1, 0), 0.5), 4, layout(1), Precision.DOUBLE, VECTOR);
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 64);
        for (int round = 0; round < 4; round++) {
            adamw.update(round, FlatVector.of(Precision.DOUBLE, 0), theta);
        }
        assertThat(theta.at(0)).isEqualTo(64 * 0.5 * 0.625 * 0.75 * 0.875);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> decaying(UpdateRule.ADAMW, new Schedule.Constant(1), -0.1))
                .withMessage("optimizer.weight-decay is -0.1; it must be a finite number, 0 or above");
    }

    /** Gradient 1 everywhere, rate 0.5: θ ← θ - 0.5 f (1 + λ θ) from θ = 8. */
    @Test
    void aGroupHasItsRateAndItsDecayAndTheFirstThatMatchesApplies() {
        Layout parameters = Layout.builder()
                .add("0_W", Shape.of(2))
                .add("0_b", Shape.of(1))
                .add("1_W", Shape.of(1))
                .add("1_b", Shape.of(1))
                .build();
        OptimizerSettings settings = new OptimizerSettings(
                UpdateRule.SGD,
                new Schedule.Constant(0.5),
                UpdateRule.SGD.defaults(),
                0.25,
                List.of(
                        new ParameterGroup(List.of("*_b"), 1, OptionalDouble.of(0)),
                        new ParameterGroup(List.of("1_*"), 0.25, OptionalDouble.empty())));
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 8, 8, 8, 8, 8);
        new MetaOptimizer(settings, 100, parameters, Precision.DOUBLE, VECTOR)
                .update(0, FlatVector.of(Precision.DOUBLE, 1, 1, 1, 1, 1), theta);
        assertThat(theta).isEqualTo(FlatVector.of(Precision.DOUBLE, 6.5, 6.5, 7.5, 7.625, 7.5));
    }

    @Test
    void aGroupNamesTheParametersOfEachMemberOfAnEnsemble() {
        Layout member =
                Layout.builder().add("0_W", Shape.of(1)).add("0_b", Shape.of(1)).build();
        OptimizerSettings settings = new OptimizerSettings(
                UpdateRule.SGD,
                new Schedule.Constant(0.5),
                UpdateRule.SGD.defaults(),
                0,
                List.of(new ParameterGroup(List.of("0_W"), 0.25, OptionalDouble.empty())));
        settings.requireMatches(EnsembleLayout.of(member, 2));
        FlatVector theta = FlatVector.of(Precision.DOUBLE, 8, 8, 8, 8);
        new MetaOptimizer(settings, 100, EnsembleLayout.of(member, 2), Precision.DOUBLE, VECTOR)
                .update(0, FlatVector.of(Precision.DOUBLE, 1, 1, 1, 1), theta);
        assertThat(theta).isEqualTo(FlatVector.of(Precision.DOUBLE, 7.875, 7.5, 7.875, 7.5));
    }

    @Test
    void aGroupThatMatchesNoParameterIsRefused() {
        OptimizerSettings settings = new OptimizerSettings(
                UpdateRule.SGD,
                new Schedule.Constant(1),
                UpdateRule.SGD.defaults(),
                0,
                List.of(new ParameterGroup(List.of("head.*"), 2, OptionalDouble.empty())));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings.requireMatches(layout(1)))
                .withMessage("optimizer.groups has head.*, which fits none of the parameters theta");
    }

    @Test
    void aStepToInfinityIsRefusedAndThetaKeepsItsLastFiniteValue() {
        int size = 2 * MetaOptimizer.PART;
        MetaOptimizer sgd = optimizer(UpdateRule.SGD, Precision.FLOAT, size);
        FlatVector theta = FlatVector.zeros(Precision.FLOAT, size);
        theta.set(0, 1);
        theta.set(1, -3.3e38);
        FlatVector before = theta.copy();
        FlatVector gradient = FlatVector.zeros(Precision.FLOAT, size);
        gradient.set(0, 1);
        gradient.set(1, 3e38);
        assertThatThrownBy(() -> sgd.update(7, gradient, theta))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("round 7")
                .hasMessageContaining("optimizer.learning-rate");
        assertThat(theta).isEqualTo(before);
    }

    @Test
    void aStateOfAnotherRuleOrSizeIsRefused() {
        MetaOptimizer adam = optimizer(UpdateRule.ADAM, Precision.FLOAT, 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> adam.restore(new OptimizerState(1, new TreeMap<>())))
                .withMessage("the optimizer's state holds [], but adam has [mean, square]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> adam.restore(
                        optimizer(UpdateRule.ADAM, Precision.FLOAT, 4).state()))
                .withMessageContaining("float[4]");
    }
}
