package dev.kindling.job.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

final class TaskSourcesTest {
    @Test
    void aSourceIsFoundByItsName() {
        TreeMap<String, String> settings = new TreeMap<>();
        new EpisodeSizes(5, 6, 7, 8).putInto(settings);
        TaskSource source = TaskSources.open(new SourceDescription("regression", settings), new Configuration(false));
        assertThat(source.layout(Split.TRAIN).query()).isEqualTo(6);
        assertThat(source.layout(Split.VALIDATE).support()).isEqualTo(7);
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        TaskSources.open(new SourceDescription("sinus", new TreeMap<>()), new Configuration(false)))
                .withMessage("task.source is sinus; it must be one of few-shot, regression, sinusoid");
    }

    @Test
    void aMissingSettingIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TaskSources.open(
                        new SourceDescription("regression", new TreeMap<>()), new Configuration(false)))
                .withMessage("task.support is missing from the settings of the task source");
    }
}
