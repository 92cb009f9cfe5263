package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.evaluation.EvaluationSettings.Detail;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.regression.RegressionSettings;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which settings of a source distinguish the tasks of evaluations. */
class TaskSetFingerprintTest {
    @ParameterizedTest
    @CsvSource({
        "few-shot.rotations, false",
        "few-shot.image-size, false",
        "few-shot.ways, true",
        "few-shot.train-on-validation, true",
        "augmentation.rotation, true",
        "augmentation.translation, true",
        "augmentation.scaling, true",
        "augmentation.shear, true"
    })
    void settingsOfTrainingTasksDoNot(String key, boolean ofTrainingOnly) {
        assertThat(with(key, "1").difference("a", with(key, "2"), "b").isEmpty())
                .isEqualTo(ofTrainingOnly);
    }

    private static TaskSetFingerprint with(String key, String value) {
        SortedMap<String, String> settings = new RegressionSettings(new EpisodeSizes(2, 2, 2, 2)).toMap();
        TaskSource source =
                TaskSources.open(new SourceDescription("regression", new TreeMap<>(settings)), new Configuration());
        settings.put(key, value);
        return TaskSetFingerprint.of(
                new SourceDescription("regression", settings),
                source,
                new EvaluationSettings(10, 0, Split.TEST, 7, Detail.SUMMARY));
    }
}
