package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.check.DirectionalDerivatives.Part;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class DirectionalDerivativesTest {
    private static final Layout LAYOUT = Layout.builder().add("x", Shape.of(3)).build();
    private static final FlatVector AT = FlatVector.of(Precision.DOUBLE, 0.3, -0.7, 1.1);

    /** f = sin x₀ + x₁ x₂². */
    private static double smooth(FlatVector x) {
        return StrictMath.sin(x.at(0)) + x.at(1) * x.at(2) * x.at(2);
    }

    private static final FlatVector GRADIENT =
            FlatVector.of(Precision.DOUBLE, StrictMath.cos(0.3), 1.21, 2 * -0.7 * 1.1);

    @Test
    void aCorrectGradientOfASmoothFunctionHasAnErrorBelow1e10() {
        assertThat(error(DirectionalDerivativesTest::smooth, GRADIENT).error()).isLessThan(1e-10);
    }

    @Test
    void aGradientThatIsAThousandthTooLongIsDetected() {
        FlatVector wrong =
                FlatVector.of(Precision.DOUBLE, 1.001 * GRADIENT.at(0), 1.001 * GRADIENT.at(1), 1.001 * GRADIENT.at(2));
        assertThat(error(DirectionalDerivativesTest::smooth, wrong).error()).isCloseTo(1e-3, within(1e-6));
    }

    @Test
    void aMissingComponentIsDetected() {
        FlatVector wrong = FlatVector.of(Precision.DOUBLE, GRADIENT.at(0), 0, GRADIENT.at(2));
        assertThat(error(DirectionalDerivativesTest::smooth, wrong).error()).isGreaterThan(0.01);
    }

    /** The sum with 1e12 has an ulp of 1e-4, so that no step shows derivatives of about 1 to six digits. */
    @Test
    void ifRoundingHidesTheDerivativeTheComparisonIsInconclusive() {
        ArrayError found = error(x -> 1e12 + smooth(x), GRADIENT);
        assertThat(found.conclusive()).isFalse();
        assertThat(found.inconclusiveReason().orElseThrow()).contains("random directions of x", "rounding of the loss");
        OrderEstimate estimate = new OrderEstimate(Map.of("x", found), Optional.empty());
        CheckResult result = Claims.check(
                Claim.EXACT,
                NamedArrays.of(LAYOUT, GRADIENT),
                estimate,
                new Claims.Residual(OptionalDouble.empty(), OptionalDouble.empty()),
                OptionalDouble.empty());
        assertThat(result.verdict()).isEqualTo(CheckResult.Verdict.INCONCLUSIVE);
        assertThat(result.holds()).isFalse();
    }

    private static ArrayError error(ToDoubleFunction<FlatVector> function, FlatVector gradient) {
        List<Part> parts = List.of(Part.of(LAYOUT.entry("x")));
        return Objects.requireNonNull(new DirectionalDerivatives(function, parts, 1)
                .errors(AT, gradient)
                .get("x"));
    }
}
