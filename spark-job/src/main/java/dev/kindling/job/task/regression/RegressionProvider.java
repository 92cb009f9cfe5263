package dev.kindling.job.task.regression;

import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** The provider of {@code task.source = regression}. */
public final class RegressionProvider implements TaskSourceProvider {
    @Override
    public String name() {
        return "regression";
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        return new RegressionSource(RegressionSettings.fromMap(settings));
    }
}
