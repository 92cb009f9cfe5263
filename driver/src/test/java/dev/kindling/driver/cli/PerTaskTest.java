package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests {@code evaluation.per-task}: Spark reads from the Parquet file the values that the summary was computed from.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PerTaskTest {
    private static SparkSession spark;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static List<Row> rows(TinyRun run) {
        return spark.read().parquet(run.file("evaluation.parquet").toString()).collectAsList();
    }

    private static double mean(List<Row> rows, int step, String column) {
        return rows.stream()
                .filter(row -> row.<Integer>getAs("step") == step)
                .mapToDouble(row -> row.<Double>getAs(column))
                .average()
                .orElseThrow();
    }

    @Test
    void aRunOnSinusoidsWritesARowForEachTaskAndStep() {
        TinyRun run = TinyRun.in(temporary, "run", "evaluation.per-task=true");
        Outcome outcome = run.train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        List<Row> rows = rows(run);
        assertThat(rows).hasSize(7 * 3);
        assertThat(rows.get(0).schema().fieldNames())
                .containsExactly("task", "step", "loss", "accuracy", "milliseconds", "executor");
        JsonNode summary = run.json("evaluation.json");
        Set<List<Integer>> places = new HashSet<>();
        for (Row row : rows) {
            places.add(List.of(row.<Integer>getAs("task"), row.<Integer>getAs("step")));
            assertThat(row.isNullAt(3)).as("accuracy of a regression").isTrue();
            assertThat(row.<Double>getAs("milliseconds")).isPositive().isLessThan(60_000);
            assertThat(row.<String>getAs("executor")).isEqualTo("local");
        }
        assertThat(places).hasSize(21);
        for (int step = 0; step <= 2; step++) {
            assertThat(mean(rows, step, "loss"))
                    .isCloseTo(summary.at("/steps/" + step + "/loss/mean").asDouble(), within(1e-12));
        }
    }

    @Test
    void itHasAccuracyForClassificationAndIsDeletedWithItsEvaluation() throws IOException {
        SmallImages.write(temporary);
        TinyRun run = TinyRun.in(
                temporary,
                "run",
                "run.rounds=1",
                "task.source=few-shot",
                "task.support=1",
                "few-shot.ways=3",
                "task.query=2",
                "evaluation.query=2",
                "few-shot.data=" + temporary.resolve("pictures.zip"),
                "few-shot.split=" + temporary.resolve("splits"),
                "model.network=omniglot-fc",
                "backend.name=vector",
                "evaluation.tasks=5");
        Outcome outcome = run.train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(run.file("evaluation.parquet")).doesNotExist();
        JsonNode before = run.json("evaluation.json");
        assertThat(before.at("/protocol/batch_norm").asText()).isEqualTo("query");
        assertThat(before.at("/protocol/query").asInt()).isEqualTo(2);
        Outcome again = CommandLineForTests.onThreads(
                2, List.of("evaluate", "--out", run.folder().toString(), "--set", "evaluation.per-task=true"));
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(run.json("evaluation.json")).isEqualTo(before);
        List<Row> rows = rows(run);
        assertThat(rows).hasSize(5 * 3);
        for (int step = 0; step <= 2; step++) {
            assertThat(mean(rows, step, "accuracy"))
                    .isCloseTo(before.at("/steps/" + step + "/accuracy/mean").asDouble(), within(1e-12));
        }
        Outcome without = CommandLineForTests.onThreads(
                1, List.of("evaluate", "--out", run.folder().toString()));
        assertThat(without.code()).as(without.err()).isZero();
        assertThat(run.file("evaluation.parquet")).doesNotExist();
    }
}
