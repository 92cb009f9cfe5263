package dev.kindling.driver.bench;

import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;

/**
 * Times rounds as a user waits for them: a training by the command {@code train} with Spark in a JVM of its own, from the
 * seconds in its {@code metrics.jsonl}.
 *
 * @param kindling the command {@code deploy/kindling}
 * @param name of the rounds' figure
 * @param job the job's file and what the training overrides
 */
record Train(Path kindling, String name, List<String> job) implements BenchmarkCase {
    /** The figure of the seconds from the start of the command to its first line of metrics. */
    static final String FIRST_ROUND = "s to the first logged round";

    /** More rounds than any benchmark trains for: the training ends by its duration. */
    private static final int ROUNDS = 100_000_000;

    private static final int POLL_MILLISECONDS = 20;

    /** A training's parts: it is warm in the last one, when the images are decoded and C2 has compiled the kernels. */
    private static final int PARTS = 4;

    /** Each training warms up by itself. */
    @Override
    public void warmUp(double seconds) {}

    /** Trains for four times the time of a sample and measures the last quarter. */
    @Override
    public Map<String, Double> sample(double seconds) {
        try {
            Path out = Files.createTempDirectory("kindling-bench");
            try {
                return sample(seconds, out.resolve("run"));
            } finally {
                FileUtils.deleteDirectory(out.toFile());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the training of " + name + " failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private Map<String, Double> sample(double seconds, Path run) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(kindling.toString(), "train", "--conf"));
        command.addAll(job);
        command.addAll(List.of("--set", "run.rounds=" + ROUNDS, "--set", "evaluation.tasks=0"));
        command.addAll(List.of("--max-duration", Math.round(PARTS * seconds) + "s", "--out", run.toString()));
        Path log = run.resolveSibling("log");
        long begin = System.nanoTime();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // The variables by which this benchmark was started instead of the command.
        builder.environment().keySet().removeAll(Set.of("KINDLING_MAIN", "KINDLING_CLASSES"));
        Process process = builder.start();
        double first = Double.NaN;
        while (process.isAlive()) {
            Thread.sleep(POLL_MILLISECONDS);
            if (Double.isNaN(first) && hasContent(run.resolve("metrics.jsonl"))) {
                first = (System.nanoTime() - begin) / 1e9;
            }
        }
        MetricsReader metrics = MetricsReader.in(AtomicDirectory.at(run.toString(), new Configuration()));
        double[] rounds = metrics.column("round");
        double[] times = metrics.column("seconds");
        int last = rounds.length - 1;
        int from = 0;
        while (from < last && times[from] < times[last] * (PARTS - 1) / PARTS) {
            from++;
        }
        if (from >= last) {
            throw new IllegalArgumentException(String.join(" ", command) + " logged " + rounds.length
                    + " times, too few for a sample of " + seconds + " s; it ended with code " + process.exitValue()
                    + " and printed " + Files.readString(log));
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(name, 1e3 * (times[last] - times[from]) / (rounds[last] - rounds[from]));
        figures.put(name + ": " + FIRST_ROUND, first);
        return figures;
    }

    private static boolean hasContent(Path file) throws IOException {
        return Files.exists(file) && Files.size(file) > 0;
    }
}
