package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.run.CancellationSource;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.RoundProfile;
import dev.kindling.driver.run.RunService;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A training of about a second in a separate folder, with methods that read its results for tests. */
final class TinyRun {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Fields of metrics that may differ between equal runs. */
    private static final List<String> TIMES_AND_BYTES =
            List.of("seconds", "tasks_per_second", "bytes_out", "bytes_in", "round_milliseconds");

    private final Path job;
    private final Path folder;
    private final List<String> sets;

    private TinyRun(Path job, Path folder, List<String> sets) {
        this.job = job;
        this.folder = folder;
        this.sets = sets;
    }

    /** A run of the given name in a temporary folder, over the defaults of this class. */
    static TinyRun in(Path temporary, String name, String... sets) {
        Path job = temporary.resolve("tiny.conf");
        try {
            Files.writeString(job, """
                    run { rounds = 24, log-every = 3, checkpoint-every = 4 }
                    task { meta-batch-size = 3, support = 4, query = 4 }
                    model { network = mlp-40-tanh, initializer = fan-in-uniform }
                    backend.name = reference
                    validation.tasks = 5
                    evaluation { tasks = 7, steps = 2, query = 5 }
                    """);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new TinyRun(job, temporary.resolve(name), List.of(sets));
    }

    Path folder() {
        return folder;
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    /** The arguments of training it. */
    List<String> args(String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--conf", job.toString(), "--out", folder.toString()));
        sets.forEach(set -> args.addAll(List.of("--set", set)));
        args.addAll(List.of(more));
        return args;
    }

    /** Trains to the end. */
    Outcome train(String... more) {
        return CommandLineForTests.onThreads(1, args(more));
    }

    /** Trains in a given folder; an observer receives each request. Throws the exceptions that a command would print. */
    void trainIn(AtomicDirectory folder, Consumer<RoundRequest> watcher) {
        Optional<String> master = Optional.of("local[1]");
        CommandContext context = CommandLineForTests.context(
                (work, settings) -> new WatchedCluster(work, 1, watcher), new PrintWriter(new StringWriter()));
        new RunService(context.run(), master, new CancellationSource(), new RoundProfile(System::nanoTime))
                .begin(ResolvedRun.of(JobConfig.load(job, sets), master), folder);
    }

    /** Trains; an observer receives each request. */
    Outcome watched(Consumer<RoundRequest> watcher, Signals signals, String... more) {
        return CommandLineForTests.on((job, settings) -> new WatchedCluster(job, 1, watcher), signals, args(more));
    }

    /** The same with a clock that the test advances. */
    Outcome watched(Consumer<RoundRequest> watcher, InstantSource clock) {
        return CommandLineForTests.on(
                (job, settings) -> new WatchedCluster(job, 1, watcher), new Signals(), clock, args());
    }

    /** Trains until SIGTERM arrives during the given round, from 0. */
    Outcome stoppedIn(long round, String... more) {
        Signals signals = new Signals();
        return watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == round) {
                        signals.arrived("TERM");
                    }
                },
                signals,
                more);
    }

    JsonNode json(String name) {
        try {
            return JSON.readTree(Files.readString(file(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first line of {@code metrics.jsonl}. */
    JsonNode firstMetrics() {
        try {
            return JSON.readTree(Files.readAllLines(file("metrics.jsonl")).get(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines of {@code metrics.jsonl} without times and bytes. */
    List<String> metrics() {
        try {
            List<String> lines = new ArrayList<>();
            for (String line : Files.readAllLines(file("metrics.jsonl"))) {
                lines.add(((ObjectNode) JSON.readTree(line))
                        .remove(TIMES_AND_BYTES)
                        .toString());
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of its checkpoints, oldest first. */
    List<String> checkpoints() {
        try (Stream<Path> names = Files.list(file("checkpoints"))) {
            return names.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asserts that this run has the bytes of an uninterrupted one. */
    void assertSameAs(TinyRun uninterrupted) {
        String last =
                uninterrupted.checkpoints().get(uninterrupted.checkpoints().size() - 1);
        for (String name : List.of(
                "model/theta.safetensors",
                "model/network.json",
                "evaluation.json",
                "checkpoints/" + last + "/theta.safetensors",
                "checkpoints/" + last + "/optimizer.safetensors")) {
            assertThat(file(name)).as(name).hasSameBinaryContentAs(uninterrupted.file(name));
        }
        for (String optional : List.of("best.safetensors", "average.safetensors")) {
            String name = "checkpoints/" + last + "/" + optional;
            assertThat(Files.exists(file(name))).as(name).isEqualTo(Files.exists(uninterrupted.file(name)));
            if (Files.exists(file(name))) {
                assertThat(file(name)).as(name).hasSameBinaryContentAs(uninterrupted.file(name));
            }
        }
        assertThat(metrics()).isEqualTo(uninterrupted.metrics());
        assertThat(json("model/manifest.json").at("/rounds"))
                .isEqualTo(uninterrupted.json("model/manifest.json").at("/rounds"));
    }
}
