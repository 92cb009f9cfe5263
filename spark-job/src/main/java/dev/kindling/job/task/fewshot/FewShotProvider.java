package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** The provider of {@code task.source = few-shot}. */
public final class FewShotProvider implements TaskSourceProvider {
    @Override
    public String name() {
        return "few-shot";
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        return FewShotSource.open(FewShotSettings.fromMap(settings), hadoop);
    }
}
