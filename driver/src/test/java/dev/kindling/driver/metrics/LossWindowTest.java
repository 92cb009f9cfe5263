package dev.kindling.driver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.storage.AtomicDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossWindowTest {
    @TempDir
    private Path folder;

    private MetricsReader metrics(String text) throws IOException {
        Files.writeString(folder.resolve("metrics.jsonl"), text);
        return MetricsReader.in(AtomicDirectory.at(folder.toString(), new Configuration()));
    }

    private static String line(int round, double loss) {
        return "{\"round\":" + round + ",\"query_loss\":" + loss + ",\"seconds\":" + round / 10.0
                + ",\"tasks_per_second\":200,\"bytes_out\":10,\"bytes_in\":30,\"round_milliseconds\":{\"compute\":2}}\n";
    }

    /** Expected: {@code numpy.mean} and {@code numpy.var(.., ddof=1)} of both halves. */
    @Test
    void eachWindowHasItsMeanAndVariance() throws IOException {
        double[] losses = {4.0, 3.1, 3.5, 2.2, 2.9, 1.7, 1.9, 1.4};
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < losses.length; i++) {
            text.append(line(10 * (i + 1), losses[i]));
        }
        List<LossWindow> windows = LossWindow.of(metrics(text.toString()), 80, 2);
        assertThat(windows).hasSize(2);
        assertThat(windows.get(0).mean()).isEqualTo(3.2, within(1e-12));
        assertThat(windows.get(0).variance()).isEqualTo(0.58, within(1e-12));
        assertThat(windows.get(1).mean()).isEqualTo(1.975, within(1e-12));
        assertThat(windows.get(1).variance()).isEqualTo(0.4225, within(1e-12));
        assertThat(windows.get(1).from()).isEqualTo(40);
        assertThat(windows.get(1).to()).isEqualTo(80);
    }

    @Test
    void anIncompleteLineIsSkippedAndUnknownValuesAreNaN() throws IOException {
        MetricsReader metrics = metrics(line(10, 1.5) + "{\"round\":20,\"query_lo");
        assertThat(metrics.size()).isEqualTo(1);
        assertThat(metrics.last("seconds")).isEqualTo(1);
        assertThat(metrics.column("round_milliseconds.compute")).containsExactly(2);
        assertThat(metrics.column("query_accuracy")[0]).isNaN();
        TrainingCost cost = TrainingCost.of(metrics, 10, 4);
        assertThat(cost.tasks()).isEqualTo(40);
        assertThat(cost.roundMilliseconds()).isEqualTo(20);
        assertThat(cost.bytesOut()).isEqualTo(10);
        assertThat(TrainingCost.of(metrics(""), 10, 4).seconds()).isNaN();
    }
}
