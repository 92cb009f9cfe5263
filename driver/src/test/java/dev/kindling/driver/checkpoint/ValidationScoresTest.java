package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ValidationScoresTest {
    private static final Validation MORE_ACCURATE = classes(0.6, 0.75, 0);
    private static final Validation LOWER_LOSS = classes(0.5, 0.7, 0);

    @Test
    void classes_are_judged_by_the_measure_that_is_asked_for() {
        assertThat(MORE_ACCURATE.isBetterThan(LOWER_LOSS, Validation.Measure.ACCURACY))
                .isTrue();
        assertThat(MORE_ACCURATE.isBetterThan(LOWER_LOSS, Validation.Measure.LOSS))
                .isFalse();
        assertThat(LOWER_LOSS.isBetterThan(MORE_ACCURATE, Validation.Measure.LOSS))
                .isTrue();
    }

    @Test
    void regressions_are_judged_by_their_loss_with_either_measure() {
        Validation lower = new Validation(1, 0.5, OptionalDouble.empty(), 0);
        Validation higher = new Validation(2, 0.6, OptionalDouble.empty(), 0);
        for (Validation.Measure measure : Validation.Measure.values()) {
            assertThat(lower.isBetterThan(higher, measure)).isTrue();
            assertThat(higher.isBetterThan(lower, measure)).isFalse();
            assertThat(lower.isBetterThan(lower, measure)).isFalse();
        }
    }

    @Test
    void fewer_diverged_tasks_are_better_whatever_the_measure() {
        Validation diverged = classes(0.1, 0.99, 1);
        for (Validation.Measure measure : Validation.Measure.values()) {
            assertThat(LOWER_LOSS.isBetterThan(diverged, measure)).isTrue();
            assertThat(diverged.isBetterThan(LOWER_LOSS, measure)).isFalse();
        }
    }

    private static Validation classes(double loss, double accuracy, int diverged) {
        return new Validation(1, loss, OptionalDouble.of(accuracy), diverged);
    }
}
