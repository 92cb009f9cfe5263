package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** The provider of {@code task.source = few-shot}: of drawn tasks, or of given episodes. */
public final class FewShotProvider implements TaskSourceProvider {
    /** The value of {@code task.source}. */
    public static final String NAME = "few-shot";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        return FixedEpisodeSource.isDescribedBy(settings)
                ? FixedEpisodeSource.open(settings, hadoop)
                : FewShotSource.open(FewShotSettings.fromMap(settings), hadoop);
    }
}
