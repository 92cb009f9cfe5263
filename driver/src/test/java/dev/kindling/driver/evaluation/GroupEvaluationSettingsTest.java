package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.job.task.IntRange;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GroupEvaluationSettingsTest {
    private static final GroupEvaluationSettings AUTO = new GroupEvaluationSettings(Optional.empty(), List.of());

    private static List<Integer> chosen(IntRange training, Map<Integer, Integer> sizes) {
        return AUTO.supportRows(training, new TreeMap<>(sizes));
    }

    @Test
    void theNumbersAreThoseOfTrainingThatHalfOfTheGroupsHaveWithARowToSpare() {
        assertThat(chosen(new IntRange(0, 10), Map.of(20, 5))).containsExactly(0, 1, 2, 5, 10);
        assertThat(chosen(new IntRange(0, 10), Map.of(4, 2, 11, 2))).containsExactly(0, 1, 2, 5, 10);
        assertThat(chosen(new IntRange(0, 10), Map.of(4, 3, 11, 2))).containsExactly(0, 1, 2);
        assertThat(chosen(new IntRange(1, 5), Map.of(20, 5))).containsExactly(1, 2, 5);
        assertThat(chosen(IntRange.of(3), Map.of(20, 5))).containsExactly(3);
        assertThat(chosen(IntRange.of(30), Map.of(5, 1, 9, 1))).containsExactly(8);
        assertThat(new GroupEvaluationSettings(Optional.of(List.of(7)), List.of())
                        .supportRows(IntRange.of(1), new TreeMap<>(Map.of(2, 1))))
                .containsExactly(7);
    }

    @Test
    void anEmptyListIsNoEvaluationByGroup() {
        assertThat(AUTO.isOn()).isTrue();
        assertThat(new GroupEvaluationSettings(Optional.of(List.of()), List.of()).isOn())
                .isFalse();
    }

    @Test
    void wrongNumbersAreRefusedWithTheirKey() {
        for (List<Integer> wrong : List.of(List.of(1, 1), List.of(2, 1), List.of(-1), List.of(1001))) {
            assertThatThrownBy(() -> new GroupEvaluationSettings(Optional.of(wrong), List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("evaluation.support-rows is " + wrong
                            + "; it must be auto or at most 16 ascending integers from 0 to 1000");
        }
        assertThatThrownBy(() ->
                        new GroupEvaluationSettings(Optional.empty(), List.of(Baseline.OWN_RIDGE, Baseline.OWN_RIDGE)))
                .hasMessage("evaluation.baselines is [own-ridge, own-ridge]; it must not name one twice");
    }
}
