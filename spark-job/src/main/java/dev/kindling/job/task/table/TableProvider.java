package dev.kindling.job.task.table;

import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** The provider of {@code task.source = table}. */
public final class TableProvider implements TaskSourceProvider {
    @Override
    public String name() {
        return TableTaskSettings.SOURCE;
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        TableTaskSettings opened = TableTaskSettings.fromMap(settings);
        return new TableSource(opened, TablePack.open(opened.pack(), hadoop), TableFolds.from(settings));
    }
}
