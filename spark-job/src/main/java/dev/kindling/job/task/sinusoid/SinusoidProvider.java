package dev.kindling.job.task.sinusoid;

import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** The provider of {@code task.source = sinusoid}. */
public final class SinusoidProvider implements TaskSourceProvider {
    @Override
    public String name() {
        return "sinusoid";
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        return new SinusoidSource(SinusoidSettings.fromMap(settings));
    }
}
