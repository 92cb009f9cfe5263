package dev.kindling.driver.cli;

import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.transform.PredictionCounts;
import dev.kindling.driver.transform.PredictionJob;
import dev.kindling.driver.transform.TableModel;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.table.TableSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Adaptation to the labelled rows of a table for the {@code adapt} command, on Spark. */
final class TableAdaptation {
    private final String data;
    private final String supportColumn;
    private final String to;

    /**
     * Checks the folder to write.
     *
     * @param data path of the table
     * @param supportColumn name of the column that says which rows are support; empty for all labelled rows
     * @param to folder for the table with predictions
     * @throws IllegalArgumentException if the folder exists
     */
    TableAdaptation(String data, String supportColumn, String to) {
        this.data = data;
        this.supportColumn = supportColumn;
        Configuration hadoop = HadoopSettings.load();
        // Spark resolves a relative path on the default file system of the cluster.
        this.to = ResolvedPath.of("--to", to, hadoop).path().toString();
        AtomicDirectory.of(this.to, hadoop).refuseExisting("--to", List.of(new Path(to).getName()));
    }

    /**
     * Predicts the table, and writes it with the predictions.
     *
     * @return the lines to print
     */
    List<String> run(LoadedModel model, int steps, ClusterProvider clusters, Optional<String> master) {
        TableModel tableModel = model.tableModel(steps);
        TableSettings settings = model.settings()
                .table()
                .orElseThrow()
                .at(ResolvedPath.of("--data", data, HadoopSettings.load())
                        .path()
                        .toString());
        try (ClusterProvider.Session session = clusters.start("kindling adaptation", master)) {
            PredictionCounts counts =
                    session.predictions().run(tableModel, new PredictionJob.Request(settings, supportColumn, to));
            List<String> lines = lines(counts, tableModel.mostSupport());
            lines.add("the predictions are in " + to);
            return lines;
        }
    }

    private static List<String> lines(PredictionCounts counts, int mostSupport) {
        List<String> lines = new ArrayList<>();
        lines.add(counts.groups() + " groups, adapted to " + counts.supportRows() + " rows, " + counts.predictedRows()
                + " rows predicted");
        if (counts.groupsWithoutSupport() > 0) {
            lines.add(counts.groupsWithoutSupport()
                    + " groups have no support rows; they are predicted by the model as it was trained");
        }
        if (counts.shortenedGroups() > 0) {
            lines.add(counts.shortenedGroups() + " groups have more than " + mostSupport
                    + " support rows, the most that table.max-rows allows; the others were not used");
        }
        if (counts.faultyGroups() > 0) {
            lines.add("warning: " + counts.faultyGroups() + " groups have rows that cannot be used; "
                    + counts.failedRows() + " rows have no prediction:");
            counts.faults().forEach(line -> lines.add("  " + line));
        }
        return lines;
    }
}
