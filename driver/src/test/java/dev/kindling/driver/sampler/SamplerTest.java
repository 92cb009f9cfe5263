package dev.kindling.driver.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.regression.RegressionSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final TaskSource SOURCE = TaskSources.open(
            new SourceDescription("regression", new RegressionSettings(new EpisodeSizes(2, 2, 2, 2)).toMap()),
            new Configuration());

    @Test
    void aRangeIsThatPartOfTheWholeRound() {
        List<TaskSpec> round = new Sampler(SOURCE, 7, Split.TRAIN).round(3, 20);
        assertThat(new Sampler(SOURCE, 7, Split.TRAIN).range(3, 5, 9)).isEqualTo(round.subList(5, 9));
    }

    @Test
    void seedSplitRoundAndIndexAllMatter() {
        Set<Long> seeds = new HashSet<>();
        for (long seed = 0; seed < 3; seed++) {
            for (Split split : Split.values()) {
                for (long round = 0; round < 3; round++) {
                    new Sampler(SOURCE, seed, split).round(round, 5).forEach(spec -> seeds.add(spec.seed()));
                }
            }
        }
        assertThat(seeds).hasSize(3 * 3 * 3 * 5);
    }
}
