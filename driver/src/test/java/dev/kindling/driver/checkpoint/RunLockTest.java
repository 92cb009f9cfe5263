package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.error.LostLockException;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunLockTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long DEAD_PID = 0x7ffffff0L;

    @TempDir
    private Path temporary;

    private Path run() {
        return temporary.resolve("run");
    }

    private Path file() {
        return run().resolve(".lock");
    }

    private AtomicDirectory folder() {
        return AtomicDirectory.at(run().toString(), new Configuration());
    }

    private RunLock take() {
        return RunLock.take(folder(), InstantSource.system());
    }

    /** Changes a field of the lock file and sets the age of the file. */
    private void change(String field, Object value, Duration age) throws IOException {
        ObjectNode lock = (ObjectNode) JSON.readTree(Files.readString(file()));
        lock.putPOJO(field, value);
        Files.writeString(file(), JSON.writeValueAsString(lock));
        Files.setLastModifiedTime(file(), FileTime.from(Instant.now().minus(age)));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> names = Files.list(run())) {
            return names.map(path -> path.getFileName().toString()).toList();
        }
    }

    @Test
    void theLockNamesItsOwnerAndIsDeletedOnClose() throws IOException {
        Instant before = Instant.now();
        try (RunLock lock = take()) {
            JsonNode json = JSON.readTree(Files.readString(file()));
            assertThat(json.get("pid").asLong())
                    .isEqualTo(ProcessHandle.current().pid());
            assertThat(json.get("host").asText())
                    .isEqualTo(InetAddress.getLocalHost().getHostName());
            assertThat(Instant.parse(json.get("start").asText()))
                    .isEqualTo(ProcessHandle.current().info().startInstant().orElseThrow());
            assertThat(json.get("nonce").asText()).hasSizeGreaterThan(20);
            assertThat(Instant.parse(json.get("renewed").asText())).isBetween(before, Instant.now());
            assertThatCode(lock::permit).doesNotThrowAnyException();
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aSecondDriverIsRefusedWithTheOwnersNameAndChangesNothing() throws IOException {
        try (RunLock lock = take()) {
            byte[] content = Files.readAllBytes(file());
            assertThatThrownBy(this::take)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageMatching("the run in " + run() + " is being trained by process "
                            + ProcessHandle.current().pid() + " on \\S+, last heard of at \\S+Z;"
                            + " it can be trained by one driver at a time");
            assertThat(file()).hasBinaryContent(content);
            assertThat(names()).containsExactly(".lock");
            assertThat(lock.isLost()).isFalse();
        }
    }

    @Test
    void aDeadProcessOfThisMachineIsTakenOverAtOnce() throws IOException, InterruptedException {
        take();
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        change("pid", dead.pid(), Duration.ZERO);
        try (RunLock lock = take()) {
            assertThat(lock.isLost()).isFalse();
            assertThat(names()).containsExactly(".lock");
        }
    }

    @Test
    void aProcessThatStartedAtAnotherTimeHoldsTheLockForALeaseBecauseTheClockMayHaveBeenSet() throws IOException {
        take();
        change("start", "2020-01-01T00:00:00Z", Duration.ofSeconds(45));
        assertThatThrownBy(this::take).hasMessageContaining("is being trained by");
        change("start", "2020-01-01T00:00:00Z", Duration.ofSeconds(75));
        try (RunLock lock = take()) {
            assertThat(lock.isLost()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unknown", "localhost", "localhost.localdomain"})
    void aHostNameThatAnyMachineMayHaveIdentifiesNone(String name) {
        Instant now = Instant.now();
        assertThat(new LockOwner(name, 1, Optional.empty(), "n", now).isOf(name))
                .isFalse();
        assertThat(new LockOwner("node-1", 1, Optional.empty(), "n", now).isOf("node-1"))
                .isTrue();
    }

    @Test
    void filesThatDeadDriversLeftAreNoRunAndAreDeletedByTheNext() throws IOException {
        Files.createDirectories(run());
        List<String> left = List.of(".lock-after-1", ".lock-probe-2", "..lock-probe-3.new");
        for (String name : left) {
            Files.writeString(run().resolve(name), "");
            Files.setLastModifiedTime(
                    run().resolve(name), FileTime.from(Instant.now().minusSeconds(75)));
        }
        // Of a driver that is acquiring the lock now.
        Files.writeString(run().resolve(".lock-after-4"), "");
        assertThatCode(() -> RunDirectory.refuseUnlessEmpty(folder())).doesNotThrowAnyException();
        try (RunLock lock = take()) {
            assertThat(lock.isLost()).isFalse();
            assertThat(names()).containsExactlyInAnyOrder(".lock", ".lock-after-4");
        }
    }

    @Test
    void aLivingProcessOfThisMachineHoldsTheLockHoweverOldItsRenewal() throws IOException {
        take();
        change("renewed", "2020-01-01T00:00:00Z", Duration.ofHours(1));
        assertThatThrownBy(this::take).hasMessageContaining("is being trained by");
    }

    @Test
    void aProcessOfAnotherMachineHoldsTheLockForALease() throws IOException {
        take();
        // The owner's own clock is ignored: the file system's decides.
        change("renewed", "2020-01-01T00:00:00Z", Duration.ZERO);
        change("host", "elsewhere.example", Duration.ofSeconds(45));
        assertThatThrownBy(this::take).hasMessageContaining("on elsewhere.example, last heard of at 2020-01-01");
        assertThat(names()).containsExactly(".lock");
        change("renewed", "2099-01-01T00:00:00Z", Duration.ofSeconds(75));
        try (RunLock lock = take()) {
            assertThat(lock.isLost()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "[1]", "\u0000\u0001"})
    void anUnreadableLockIsHeldForALease(String content) throws IOException {
        Files.createDirectories(run());
        Files.writeString(file(), content);
        assertThatThrownBy(this::take).hasMessageContaining("a driver that is just starting");
        Files.setLastModifiedTime(file(), FileTime.from(Instant.now().minusSeconds(75)));
        try (RunLock lock = take()) {
            assertThat(lock.isLost()).isFalse();
        }
    }

    @Test
    void ofManyConcurrentDriversOneAcquiresTheLock() throws Exception {
        for (int turn = 0; turn < 30; turn++) {
            if (turn % 2 == 1) {
                // Left by a dead owner, so that all of them try to take it over.
                take();
                change("pid", DEAD_PID, Duration.ZERO);
            }
            List<RunLock> held = race(8);
            assertThat(held).as("turn %d", turn).hasSize(1);
            held.forEach(RunLock::renew);
            assertThat(held).noneMatch(RunLock::isLost);
            held.forEach(RunLock::close);
            assertThat(names()).isEmpty();
        }
    }

    @Test
    void ofManyProcessesThatTakeOverTheSameDeadDriversLockOneSucceeds() throws Exception {
        assertThat(new LockTakers(2, 4, 200).race(temporary)).hasSize(200).allMatch(winners -> winners == 1);
    }

    /** The content of a lock with the given nonce, of a dead process or of this one. */
    private static byte[] owned(String nonce, long pid) {
        LockOwner here = LockOwner.here(Instant.now());
        Optional<Instant> start = pid == here.pid() ? here.start() : Optional.empty();
        return new LockOwner(here.host(), pid, start, nonce, Instant.now()).bytes();
    }

    @Test
    void aSuccessorThatDiedBeforeItHadTheLockIsSucceededToo() throws IOException {
        Files.createDirectories(run());
        Files.write(file(), owned("a", DEAD_PID));
        Files.write(run().resolve(".lock-after-a"), owned("b", DEAD_PID));
        Files.write(run().resolve(".lock-after-b"), owned("c", DEAD_PID));
        try (RunLock lock = take()) {
            assertThat(names()).containsExactly(".lock");
            lock.renew();
            assertThat(lock.isLost()).isFalse();
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aLivingSuccessorHoldsTheRunBeforeItHoldsTheLock() throws IOException {
        Files.createDirectories(run());
        Files.write(file(), owned("a", DEAD_PID));
        Files.write(
                run().resolve(".lock-after-a"),
                owned("b", ProcessHandle.current().pid()));
        assertThatThrownBy(this::take)
                .hasMessageContaining(
                        "is being trained by process " + ProcessHandle.current().pid());
    }

    @Test
    void aDriverThatFindsTheLockChangedAfterItJudgedItDeadDoesNotTakeItOver() throws IOException {
        Files.createDirectories(run());
        for (byte[] meanwhile : List.of(
                owned("a", ProcessHandle.current().pid()),
                owned("b", ProcessHandle.current().pid()))) {
            Files.write(file(), owned("a", DEAD_PID));
            AtomicInteger changes = new AtomicInteger();
            // The first change is the attempt to create the lock, the second creates the successor.
            AtomicDirectory folder = folder().guardedBy(() -> {
                if (changes.incrementAndGet() == 2) {
                    replaceLock(meanwhile);
                }
            });
            assertThatThrownBy(() -> RunLock.take(folder, InstantSource.system()))
                    .hasMessageContaining("is being trained by process "
                            + ProcessHandle.current().pid());
            assertThat(changes.get()).isGreaterThan(2);
            assertThat(names()).containsExactly(".lock");
            assertThat(file()).hasBinaryContent(meanwhile);
        }
    }

    private void replaceLock(byte[] content) {
        try {
            Files.write(file(), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<RunLock> race(int drivers) throws Exception {
        CyclicBarrier start = new CyclicBarrier(drivers);
        ExecutorService threads = Executors.newFixedThreadPool(drivers);
        List<Callable<RunLock>> attempts = new ArrayList<>();
        for (int i = 0; i < drivers; i++) {
            attempts.add(() -> {
                start.await();
                return take();
            });
        }
        List<RunLock> held = new ArrayList<>();
        for (Future<RunLock> attempt : threads.invokeAll(attempts)) {
            try {
                held.add(attempt.get());
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(IllegalArgumentException.class);
            }
        }
        threads.shutdown();
        return held;
    }

    @Test
    void renewingChangesTheTimeOnly() throws IOException {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2030-05-05T05:05:05Z"));
        RunLock lock = RunLock.take(folder(), now::get);
        JsonNode before = JSON.readTree(Files.readString(file()));
        now.set(now.get().plusSeconds(15));
        lock.renew();
        ObjectNode after = (ObjectNode) JSON.readTree(Files.readString(file()));
        assertThat(after.get("renewed").asText()).isEqualTo("2030-05-05T05:05:20Z");
        after.set("renewed", before.get("renewed"));
        assertThat(after).isEqualTo(before);
    }

    @Test
    void anOwnerThatFindsAnotherInTheLockCannotWriteAnyMore() throws IOException {
        RunLock lock = take();
        AtomicDirectory mine = folder().guardedBy(lock::permit);
        mine.replace("a.txt", new byte[1]);
        change("nonce", "another", Duration.ZERO);
        change("host", "elsewhere.example", Duration.ZERO);
        lock.renew();
        assertThat(lock.isLost()).isTrue();
        assertThatThrownBy(() -> mine.replace("b.txt", new byte[1]))
                .isInstanceOf(LostLockException.class)
                .hasMessageMatching("the run in " + run() + " was taken over by process \\d+ on elsewhere.example, "
                        + "last heard of at .*; this driver stops and writes nothing more");
        assertThatThrownBy(() -> mine.child("deep").remove("a.txt")).isInstanceOf(LostLockException.class);
        assertThatThrownBy(() -> mine.createStream("c.txt")).isInstanceOf(LostLockException.class);
        lock.close();
        assertThat(names()).containsExactlyInAnyOrder(".lock", "a.txt");
    }

    @Test
    void anOwnerThatWasSuspendedForALeaseRenewsBeforeItWrites() throws IOException {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        RunLock lock = RunLock.take(folder(), now::get);
        change("nonce", "another", Duration.ZERO);
        assertThatCode(lock::permit).doesNotThrowAnyException();
        now.set(now.get().plusSeconds(61));
        assertThatThrownBy(lock::permit).isInstanceOf(LostLockException.class);
    }

    @Test
    void aDeletedLockIsLost() throws IOException {
        RunLock lock = take();
        folder().replace("config.conf", new byte[0]);
        Files.delete(file());
        lock.renew();
        assertThatThrownBy(lock::permit)
                .isInstanceOf(LostLockException.class)
                .hasMessageContaining("a process that deleted its lock");
    }

    @Test
    void aRunThatWasDeletedWithItsLockIsReportedAsRemoved() throws IOException {
        RunLock lock = take();
        Files.delete(file());
        lock.renew();
        assertThatThrownBy(lock::permit)
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("was removed while the run went on");
    }
}
