package dev.kindling.driver.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void aCosineBeginsAtFromIsHalfwayInTheMiddleAndNearToAtTheEnd() {
        Schedule cosine = new Schedule.Cosine(3e-4, 1e-4);
        assertThat(cosine.at(0, 1000)).isEqualTo(3e-4);
        assertThat(cosine.at(500, 1000)).isCloseTo(2e-4, within(1e-18));
        // A third of the way: cos(π/3) = 1/2, so three quarters of the height are left.
        assertThat(cosine.at(300, 900)).isCloseTo(1e-4 + 0.75 * 2e-4, within(1e-18));
        assertThat(cosine.at(999, 1000)).isBetween(1e-4, 1.00001e-4);
        assertThat(cosine.at(5000, 1000)).isEqualTo(1e-4);
    }

    @Test
    void aLinearScheduleFalls() {
        Schedule line = new Schedule.Linear(1, 0);
        assertThat(line.at(0, 10)).isEqualTo(1);
        assertThat(line.at(5, 10)).isEqualTo(0.5);
        assertThat(line.at(10, 10)).isZero();
    }

    @Test
    void aStepScheduleMultipliesByItsFactor() {
        Schedule steps = new Schedule.Step(8, 0.5, 100);
        assertThat(steps.at(99, 1000)).isEqualTo(8);
        assertThat(steps.at(100, 1000)).isEqualTo(4);
        assertThat(steps.at(399, 1000)).isEqualTo(1);
    }

    @Test
    void aWarmUpRisesToWhatFollowsIt() {
        Schedule warm = new Schedule.WarmUp(0, 10, new Schedule.Linear(1, 0));
        assertThat(warm.at(0, 100)).isZero();
        assertThat(warm.at(5, 100)).isCloseTo(0.45, within(1e-15));
        assertThat(warm.at(10, 100)).isEqualTo(0.9);
        assertThat(warm.at(50, 100)).isEqualTo(0.5);
    }

    /** Against PyTorch's recurrences: LinearLR, CosineAnnealingLR and StepLR each make a rate from the one before it. */
    @Test
    void everyRoundAgreesWithTheRecurrence() {
        int rounds = 200;
        Schedule cosine = new Schedule.Cosine(0.3, 0.01);
        Schedule line = new Schedule.Linear(0.3, 0.03);
        Schedule steps = new Schedule.Step(0.3, 0.7, 30);
        double cosineBefore = 0.3;
        double lineBefore = 0.3;
        double stepsBefore = 0.3;
        for (int round = 1; round < rounds; round++) {
            cosineBefore = (1 + Math.cos(Math.PI * round / rounds))
                            / (1 + Math.cos(Math.PI * (round - 1) / rounds))
                            * (cosineBefore - 0.01)
                    + 0.01;
            lineBefore -= 0.27 / rounds;
            stepsBefore *= round % 30 == 0 ? 0.7 : 1;
            assertThat(cosine.at(round, rounds)).isCloseTo(cosineBefore, within(1e-13));
            assertThat(line.at(round, rounds)).isCloseTo(lineBefore, within(1e-13));
            assertThat(steps.at(round, rounds)).isCloseTo(stepsBefore, within(1e-13));
        }
    }

    @Test
    void aWarmUpDependsOnTheLengthOfTheRunAsWhatFollowsItDoes() {
        assertThat(new Schedule.WarmUp(0, 10, new Schedule.Cosine(1, 0)).dependsOnRounds())
                .isTrue();
        assertThat(new Schedule.WarmUp(0, 10, new Schedule.Step(1, 0.5, 7)).dependsOnRounds())
                .isFalse();
    }

    @Test
    void invalidValuesAreRefusedWithTheirNameAndValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Schedule.Constant(-1e-3))
                .withMessage("the rate is -0.001; it must be a finite number, 0 or above");
        assertThatIllegalArgumentException().isThrownBy(() -> new Schedule.Cosine(Double.NaN, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Schedule.Linear(1, Double.POSITIVE_INFINITY));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Schedule.Step(1, 0.5, 0))
                .withMessageContaining("every")
                .withMessageContaining("at least 1");
    }
}
