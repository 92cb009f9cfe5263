package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.NoiseProvider;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;

@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogTest {
    private static final ClusterSettings JOBS =
            new ClusterSettings(ClusterSettings.Mode.JOBS, 0, Duration.ofSeconds(60), 0);

    /** Of a job that no other test has opened in this JVM. */
    private static final int OWN_SIZE = 11;

    @Test
    void logLinesOfExecutorsNameRunAndRound() {
        try (LogLines log = new LogLines();
                SparkApplication spark = SparkApplication.start("sinusoid-7", Optional.of("local[1]"));
                Cluster cluster = spark.cluster(NoiseProvider.job(Precision.FLOAT, 3, OWN_SIZE, Map.of()), JOBS)) {
            run(cluster, Map.of(3, NoiseProvider.LOSS_IS_NAN));
            assertThatThrownBy(() -> run(cluster, Map.of(3, NoiseProvider.NO_DATA)))
                    .isInstanceOf(BadDataException.class);
            assertThat(log.lines())
                    .anySatisfy(line -> assertThat(line)
                            .matches(
                                    "run=sinusoid-7 round=12 executor=driver INFO a job on noise tasks .*open after.*"))
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("run=sinusoid-7 round=12 executor=driver WARN left out task 3 of round 12: "))
                    .contains("run=sinusoid-7 round=12 executor=driver ERROR work refused: "
                            + "noise of task 3 of round 12 is empty")
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("run=sinusoid-7 round=0 executor=driver INFO executor driver joined on "));
        }
    }

    private static void run(Cluster cluster, Map<Integer, Integer> kinds) {
        cluster.run(
                new RoundRequest("train", NoiseProvider.specs(8, kinds), OutputMode.SUMS),
                NoiseProvider.theta(Precision.FLOAT, OWN_SIZE));
    }

    @Test
    void theDriverLogsTheProgressOfARun() {
        try (LogLines lines = new LogLines()) {
            try (DriverLogContext log = DriverLogContext.of("sinusoid-7")) {
                log.started("runs/sinusoid-7", 40, 100);
                DriverLogContext.round(41, List.of(new FailedTask(40, 2, "query_loss is NaN")));
                DriverLogContext.checkpoint(41, "runs/sinusoid-7/checkpoints/00000041");
                DriverLogContext.ended(6, "The run stopped after round 41.");
            }
            assertThat(lines.lines())
                    .containsExactly(
                            "run=sinusoid-7 round=40 executor=null INFO "
                                    + "the run is resumed after 40 of 100 rounds, in runs/sinusoid-7",
                            "run=sinusoid-7 round=40 executor=null WARN left out task 2 of round 40: query_loss is NaN",
                            "run=sinusoid-7 round=41 executor=null INFO the checkpoint after round 41 is written, "
                                    + "runs/sinusoid-7/checkpoints/00000041",
                            "run=sinusoid-7 round=41 executor=null WARN "
                                    + "the run stops with code 6: The run stopped after round 41.");
            assertThat(MDC.get("run")).isNull();
        }
    }

    @Test
    void linesOfAnotherThreadBelongToTheRunToo() throws InterruptedException {
        try (LogLines lines = new LogLines()) {
            try (DriverLogContext log = DriverLogContext.of("sinusoid-7")) {
                log.started("runs/sinusoid-7", 0, 100);
                Thread writer =
                        new Thread(DriverLogContext.carried(() -> DriverLogContext.checkpoint(41, "checkpoints")));
                DriverLogContext.round(50, List.of());
                writer.start();
                writer.join();
            }
            assertThat(lines.lines())
                    .endsWith("run=sinusoid-7 round=0 executor=null INFO "
                            + "the checkpoint after round 41 is written, checkpoints");
        }
    }
}
