package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.error.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a driver that SIGSTOP suspends for longer than its lease, and that continues after another driver has taken
 * over its run. Both drivers run on one machine, where a live process retains its lock however long it is silent. The
 * test therefore edits the lock while its owner is suspended: it names another machine and is older than the lease.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrozenDriverTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long ROUNDS = 60;
    /** After the second checkpoint and its lines of metrics. */
    private static final long FROZEN_IN = 50;

    private static final String[] SETS = {
        "run.rounds=" + ROUNDS, "run.log-every=1", "run.checkpoint-every=20", "run.checkpoint-keep=10"
    };

    /** Created by the driver in the round in which it is suspended. */
    private static final String IN_ROUND = "in-round";
    /** Created by the test before it continues the driver: from then on the driver's clock is two leases ahead. */
    private static final String LEASE_OVER = "lease-over";

    @TempDir
    private Path temporary;

    private TinyRun uninterrupted;
    private TinyRun run;
    private Optional<Process> frozen = Optional.empty();

    /** A driver in a separate process that waits in one of its rounds; the first argument is the folder of both files. */
    static final class WaitingDriver {
        private final Path files;

        private WaitingDriver(Path files) {
            this.files = files;
        }

        public static void main(String[] args) {
            WaitingDriver driver = new WaitingDriver(Path.of(args[0]));
            PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
            CommandContext context = CommandLineForTests.context(
                    (job, settings) -> new WatchedCluster(job, 1, driver::waitInRound),
                    out,
                    new Signals(),
                    driver.clock());
            System.exit(Kindling.run(Stream.of(args).skip(1).toArray(String[]::new), context, out));
        }

        private InstantSource clock() {
            return () -> isLeaseOver() ? Instant.now().plus(RunLock.LEASE.multipliedBy(2)) : Instant.now();
        }

        private boolean isLeaseOver() {
            return Files.exists(files.resolve(LEASE_OVER));
        }

        private void waitInRound(RoundRequest request) {
            if (!isTrainingIn(request, FROZEN_IN)) {
                return;
            }
            try {
                Files.createFile(files.resolve(IN_ROUND));
                while (!isLeaseOver()) {
                    Thread.sleep(5);
                }
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static boolean isTrainingIn(RoundRequest request, long round) {
        return request.program().equals("train") && request.specs().get(0).round() == round;
    }

    @BeforeEach
    void freeze() throws IOException, InterruptedException {
        uninterrupted = TinyRun.in(temporary, "uninterrupted", SETS);
        Outcome first = uninterrupted.train();
        assertThat(first.code()).as(first.err()).isZero();
        run = TinyRun.in(temporary, "run", SETS);
        Process started = TrainInChild.start(
                WaitingDriver.class,
                Stream.concat(Stream.of(temporary.toString()), run.args().stream())
                        .toList(),
                said().toFile());
        frozen = Optional.of(started);
        // The second checkpoint is written in the background.
        while (!Files.exists(temporary.resolve(IN_ROUND))
                || !Files.exists(run.file("checkpoints/00000040/manifest.json"))) {
            assertThat(started.isAlive()).as(read(said())).isTrue();
            Thread.sleep(5);
        }
        signal("STOP");
        letLeaseExpire();
    }

    @AfterEach
    void end() {
        frozen.ifPresent(Process::destroyForcibly);
    }

    private Path said() {
        return temporary.resolve("said");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(
                                "kill",
                                "-" + name,
                                Long.toString(frozen.orElseThrow().pid()))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    private void letLeaseExpire() throws IOException {
        Path lock = run.file(".lock");
        ObjectNode owner = (ObjectNode) JSON.readTree(read(lock));
        Files.writeString(lock, owner.put("host", "elsewhere.example").toString());
        Files.setLastModifiedTime(
                lock, FileTime.from(Instant.now().minus(RunLock.LEASE).minusSeconds(15)));
    }

    /** Continues the first driver by SIGCONT and waits for its end. */
    private void continueFirstDriver() {
        try {
            Files.createFile(temporary.resolve(LEASE_OVER));
            signal("CONT");
            assertThat(frozen.orElseThrow().waitFor()).as(read(said())).isEqualTo(ExitCode.CLUSTER_FAILED.number());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Content and time of every file, by its path. */
    private Map<String, String> files() throws IOException {
        try (Stream<Path> all = Files.walk(run.folder())) {
            Map<String, String> files = new TreeMap<>();
            for (Path file : all.toList()) {
                String content = Files.isDirectory(file) ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
                files.put(file.toString(), Files.getLastModifiedTime(file) + " " + content);
            }
            return files;
        }
    }

    @Test
    void aDriverContinuedAfterAnotherFinishedItsRunStopsAndWritesNothing() throws IOException {
        Outcome outcome = run.train("--resume");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("resuming after 40 rounds");
        Map<String, String> finished = files();
        continueFirstDriver();
        assertThat(files()).isEqualTo(finished);
        assertThat(read(said()))
                .contains("the run in " + run.folder() + " was taken over by a process that deleted its lock; "
                        + "this driver stops and writes nothing more");
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aDriverContinuedWhileAnotherTrainsItsRunStopsAndTheOtherFinishes() {
        Outcome outcome = run.watched(
                request -> {
                    if (isTrainingIn(request, FROZEN_IN + 2)) {
                        continueFirstDriver();
                    }
                },
                new Signals(),
                "--resume");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("resuming after 40 rounds");
        assertThat(read(said()))
                .containsPattern("the run in " + run.folder() + " was taken over by process "
                        + ProcessHandle.current().pid() + " on \\S+, last heard of at .*; this driver stops");
        run.assertSameAs(uninterrupted);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("done");
    }
}
