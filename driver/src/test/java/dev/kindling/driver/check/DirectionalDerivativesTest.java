package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.check.DirectionalDerivatives.Part;
import dev.kindling.driver.check.DirectionalDerivatives.Point;
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
import java.util.function.Function;
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
        assertThat(error(x -> new Point(smooth(x), 0), GRADIENT).error()).isLessThan(1e-10);
    }

    @Test
    void aGradientThatIsAThousandthTooLongIsDetected() {
        FlatVector wrong =
                FlatVector.of(Precision.DOUBLE, 1.001 * GRADIENT.at(0), 1.001 * GRADIENT.at(1), 1.001 * GRADIENT.at(2));
        assertThat(error(x -> new Point(smooth(x), 0), wrong).error()).isCloseTo(1e-3, within(1e-6));
    }

    @Test
    void aMissingComponentIsDetected() {
        FlatVector wrong = FlatVector.of(Precision.DOUBLE, GRADIENT.at(0), 0, GRADIENT.at(2));
        assertThat(error(x -> new Point(smooth(x), 0), wrong).error()).isGreaterThan(0.01);
    }

    /** A rectifier of large slope with its kink at a distance of 1e-5: differences across the kink would be far off. */
    @Test
    void aNearbyKinkMakesTheStepsSmaller() {
        Function<FlatVector, Point> kinked = x -> {
            double before = x.at(0) - 0.3 + 1e-5;
            return new Point(smooth(x) + 1000 * Math.max(0, before), before > 0 ? 1 : 0);
        };
        FlatVector gradient = FlatVector.of(Precision.DOUBLE, GRADIENT.at(0) + 1000, GRADIENT.at(1), GRADIENT.at(2));
        assertThat(error(kinked, gradient).error()).isLessThan(DirectionalDerivatives.TOLERANCE);
    }

    /** Differences of |x| around 0 are all 0 and agree with each other: only the sides show that there is no derivative. */
    @Test
    void atAKinkTheComparisonIsInconclusive() {
        Function<FlatVector, Double> folded = x -> smooth(x) + 1000 * Math.abs(x.at(0) - 0.3);
        assertThat(error(x -> new Point(folded.apply(x), x.at(0) > 0.3 ? 1 : 0), GRADIENT)
                        .conclusive())
                .isFalse();
        assertThat(error(x -> new Point(folded.apply(x), 0), GRADIENT).conclusive())
                .isTrue();
    }

    @Test
    void ifEveryStepCrossesAKinkTheComparisonIsInconclusive() {
        Function<FlatVector, Point> everywhere =
                x -> new Point(smooth(x), Double.doubleToLongBits(x.at(0) + x.at(1) + x.at(2)));
        ArrayError found = error(everywhere, GRADIENT);
        assertThat(found.conclusive()).isFalse();
        assertThat(found.inconclusiveReason().orElseThrow()).contains("x", "one side of every rectifier");
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

    private static ArrayError error(Function<FlatVector, Point> function, FlatVector gradient) {
        List<Part> parts = List.of(Part.of(LAYOUT.entry("x")));
        return Objects.requireNonNull(new DirectionalDerivatives(function, parts, 1)
                .errors(AT, gradient)
                .get("x"));
    }
}
