package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Tests the progress output of a run. */
class ProgressTest {
    @Test
    void failedTasksNoticesAndValidationsAreSeparateLines() {
        FlatVector none = FlatVector.zeros(Precision.FLOAT, 0);
        MetaGradient gradient = new MetaGradient(none, none, 1, new TreeMap<>(Map.of("query_loss", 0.5)), 25);
        RoundTimings times = new RoundTimings(0, 0, 0, 0, 0, 0, 0);
        StringWriter text = new StringWriter();
        try (Progress progress = Progress.lines(new PrintWriter(text), 0, () -> 0)) {
            progress.done(new TrainingListener.Round(
                    1, 9, gradient, List.of(), List.of("warning: executor 1 sent a sum"), 0, 0, times));
        }
        assertThat(text.toString()).contains("warning: executor 1 sent a sum\n");
    }
}
