package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.tensor.FlatVector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how runs are stopped by signals, time limits and errors, and how they are resumed. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StopTest {
    @TempDir
    private Path temporary;

    private TinyRun uninterrupted(String... sets) {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", sets);
        assertThat(uninterrupted.train().code()).isZero();
        return uninterrupted;
    }

    private static void assertStatus(TinyRun run, String state, int code, int round) {
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo(state);
        assertThat(run.json("status.json").at("/exit_code").asInt(-1)).isEqualTo(code);
        assertThat(run.json("status.json").at("/round").asInt(-1)).isEqualTo(round);
    }

    /** A cluster that sleeps in the requests of a kind until it is interrupted, as Spark's is. */
    private static final class Sleeping implements Cluster {
        private final Cluster cluster;
        private final String program;
        private final int after;
        private final Runnable asleep;
        private int seen;

        private Sleeping(Cluster cluster, String program, int after, Runnable asleep) {
            this.cluster = cluster;
            this.program = program;
            this.after = after;
            this.asleep = asleep;
        }

        @Override
        public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
            if (request.program().equals(program) && seen++ == after) {
                try {
                    asleep.run();
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ClusterException(program + " was interrupted", e);
                }
            }
            return cluster.run(request, shared, prefetcher);
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    private static Outcome sleeping(TinyRun run, String program, int after, String... more) {
        Signals signals = new Signals();
        return CommandLineForTests.on(
                (job, settings) -> new Sleeping(
                        new WatchedCluster(job, 1, request -> {}), program, after, () -> signals.arrived("INT")),
                signals,
                run.args(more));
    }

    @Test
    void aRoundThatDoesNotEndIsInterruptedAfterTenSecondsWithoutLoss() {
        TinyRun uninterrupted = uninterrupted();
        TinyRun run = TinyRun.in(temporary, "run");
        long begin = System.nanoTime();
        Outcome outcome = sleeping(run, "train", 10);
        assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.SECONDS.toNanos(9));
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).startsWith("SIGINT stopped the run after 10 of 24 rounds;");
        assertStatus(run, "stopped", 6, 10);
        assertThat(run.checkpoints()).last().isEqualTo("00000010");
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aStopDuringAValidationDiscardsItsRound() {
        TinyRun uninterrupted = uninterrupted("run.validate-every=5");
        TinyRun run = TinyRun.in(temporary, "run", "run.validate-every=5");
        Outcome outcome = sleeping(run, "validate", 1);
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(6);
        assertStatus(run, "stopped", 6, 9);
        assertThat(run.checkpoints()).last().isEqualTo("00000009");
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aStopDuringTheFinalEvaluationIsImmediateAndLeavesOnlyTheEvaluationOpen(int evaluation) {
        TinyRun uninterrupted = uninterrupted();
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = sleeping(run, "evaluate", evaluation);
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).startsWith("SIGINT stopped the run after 24 of 24 rounds;");
        assertStatus(run, "stopped", 6, 24);
        List<String> programs = new ArrayList<>();
        Outcome end = run.watched(request -> programs.add(request.program()), new Signals(), "--resume");
        assertThat(end.code()).as(end.err()).isZero();
        assertThat(programs).containsOnly("evaluate");
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aTimeBudgetEndsTheRunAfterTheRoundInWhichItIsReached() {
        TinyRun uninterrupted = uninterrupted();
        TinyRun run = TinyRun.in(temporary, "run");
        AtomicInteger rounds = new AtomicInteger();
        Outcome outcome = run.watched(
                request -> {
                    if (rounds.incrementAndGet() == 7) {
                        sleep(1500);
                    }
                },
                new Signals(),
                "--max-duration",
                "1s");
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err())
                .isEqualTo("--max-duration 1s stopped the run after 7 of 24 rounds; kindling train --resume --out "
                        + run.folder() + " resumes it\n");
        assertThat(run.train("--resume", "--max-duration", "5 minutes").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"90", "soon", "0s", "-5m", "", "90 parsecs"})
    void anInvalidTimeBudgetEndsWithTwo(String budget) {
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = run.train("--max-duration", budget);
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err().strip())
                .isEqualTo("--max-duration is " + budget
                        + "; it must be a time above 0 with its unit, such as 90s, 30m or 2h");
        assertThat(run.folder()).doesNotExist();
    }

    @Test
    void aSecondStartIsRefusedWithTheOwnerAndChangesNothing() {
        TinyRun uninterrupted = uninterrupted();
        TinyRun run = TinyRun.in(temporary, "run");
        List<Outcome> seconds = new ArrayList<>();
        List<List<String>> names = new ArrayList<>();
        Outcome first = run.watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 5) {
                        names.add(names(run));
                        seconds.add(run.train());
                        seconds.add(run.train("--resume"));
                        names.add(names(run));
                    }
                },
                new Signals());
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(seconds).hasSize(2).allSatisfy(second -> {
            assertThat(second.code()).isEqualTo(2);
            assertThat(second.err())
                    .contains("the run in " + run.folder() + " is being trained by process "
                            + ProcessHandle.current().pid() + " on ");
            assertThat(second.err().lines()).hasSize(1);
        });
        assertThat(names.get(0)).isEqualTo(names.get(1));
        run.assertSameAs(uninterrupted);
    }

    private static List<String> names(TinyRun run) {
        try (Stream<Path> names = Files.walk(run.folder())) {
            // The checkpoint writer may be running at the same time.
            return names.filter(path -> !path.toString().contains("checkpoints")
                            && !path.toString().contains("status"))
                    .map(Path::toString)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDriverThatLostItsLockEndsWithFiveAndWritesNothingMore() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run", "run.log-every=1");
        AtomicLong slept = new AtomicLong();
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 5) {
                        // Checkpoints are written in the background; this one must exist first.
                        while (!Files.exists(run.file("checkpoints/00000004"))) {
                            LockSupport.parkNanos(1_000_000);
                        }
                        takeOver(run.file(".lock"));
                        // As after a suspension of the machine: the lock is checked before a write.
                        slept.set(61);
                    }
                },
                () -> Instant.now().plusSeconds(slept.get()));
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err())
                .contains("was taken over by process 77 on elsewhere.example")
                .contains("this driver stops and writes nothing more");
        assertThat(outcome.err().lines()).hasSize(1);
        assertThat(Files.readString(run.file(".lock"))).contains("elsewhere.example");
        assertThat(Files.readAllLines(run.file("metrics.jsonl"))).hasSize(5);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("running");
        assertThat(run.checkpoints()).containsExactly("00000004");
    }

    private static void takeOver(Path lock) {
        try {
            ObjectMapper json = new ObjectMapper();
            ObjectNode owner = (ObjectNode) json.readTree(Files.readString(lock));
            owner.put("host", "elsewhere.example").put("pid", 77).put("nonce", "another");
            Files.writeString(lock, json.writeValueAsString(owner));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theStatusIsRefreshedDuringALongRound() {
        TinyRun run = TinyRun.in(temporary, "run");
        AtomicLong later = new AtomicLong();
        List<String> updated = new ArrayList<>();
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 5) {
                        updated.add(run.json("status.json").at("/updated").asText());
                        later.set(16);
                        waitUntil(() ->
                                !run.json("status.json").at("/updated").asText().equals(updated.get(0)));
                        assertStatus(run, "running", -1, 5);
                    }
                },
                () -> Instant.now().plusSeconds(later.get()));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(updated).hasSize(1);
    }

    private static void waitUntil(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            sleep(100);
        }
    }

    @Test
    void aClusterThatFailsLeavesACheckpointOfTheLastRound() {
        TinyRun uninterrupted = uninterrupted();
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 10) {
                        throw new ClusterException("no executor for 120 s");
                    }
                },
                new Signals());
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err().strip()).isEqualTo("no executor for 120 s");
        assertStatus(run, "failed", 5, 10);
        assertThat(run.json("status.json").at("/hint").asText())
                .isEqualTo("remove the cause; then kindling train --resume --out " + run.folder() + " resumes the run");
        assertThat(run.checkpoints()).last().isEqualTo("00000010");
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void anUndeclaredCheckedExceptionLeavesACheckpoint() {
        TinyRun uninterrupted = uninterrupted("run.validate-every=11");
        TinyRun run = TinyRun.in(temporary, "run", "run.validate-every=11");
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("validate")) {
                        StopTest.<RuntimeException>throwAsScala(new IOException("the connection was reset"));
                    }
                },
                new Signals());
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err().strip())
                .isEqualTo("the cluster failed: java.io.IOException: the connection was reset");
        assertStatus(run, "failed", 5, 10);
        assertThat(run.checkpoints()).last().isEqualTo("00000010");
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> void throwAsScala(Exception failure) throws E {
        throw (E) failure;
    }

    /** Trains on threads of this JVM that start with a delay, like Spark, and whose cluster fails to close. */
    private static Outcome trainOnASlowClusterThatFailsToClose(TinyRun run) {
        return CommandLineForTests.on(
                (job, settings) -> {
                    sleep(400);
                    Cluster cluster = new WatchedCluster(job, 1, request -> {});
                    return new Cluster() {
                        @Override
                        public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
                            return cluster.run(request, shared, prefetcher);
                        }

                        @Override
                        public void close() {
                            cluster.close();
                            throw new IllegalStateException("the context is gone");
                        }
                    };
                },
                run.args());
    }

    @Test
    void aFailureToCloseTheClusterAfterTheResultIsIgnored() {
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = trainOnASlowClusterThatFailsToClose(run);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertStatus(run, "done", 0, 24);
        // The throughput of the first line is that of training: only the seconds include the start of the cluster.
        double seconds = run.firstMetrics().at("/seconds").asDouble();
        double pace = run.firstMetrics().at("/tasks_per_second").asDouble();
        assertThat(seconds - 3 * 3 / pace).isGreaterThan(0.39);
    }

    @Test
    void evaluateUsesTheModelOfAStoppedRun() {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(10).code()).isEqualTo(6);
        Outcome outcome = CommandLineForTests.onThreads(
                1, List.of("evaluate", "--out", run.folder().toString()));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("the model is unfinished: its run ended after 11 rounds");
        assertThat(run.train("--resume").code()).isZero();
    }
}
