package dev.kindling.driver.metrics;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writer of a run's {@code status.json}: immediately when the state changes, at most every 2 s while rounds pass, and at
 * least every 15 s, so that a reader can detect a dead driver. Thread-safe: the training loop only counts rounds, and another
 * thread writes through {@link #refresh}.
 */
public final class StatusFile {
    private static final String NAME = "status.json";
    private static final Duration MIN_INTERVAL = Duration.ofSeconds(2);
    private static final Duration MAX_INTERVAL = Duration.ofSeconds(15);

    /** Size of the file of a run under way, in bytes: the final status then fits in place even if the disk is full. */
    private static final int RESERVED_BYTES = 2048;

    private final AtomicDirectory folder;
    private final InstantSource clock;
    private volatile long round;
    private @Nullable RunStatus ended;
    private RunStatus shown;
    private Instant written = Instant.MIN;

    /** Writes the status of a run that is under way. */
    public StatusFile(AtomicDirectory folder, InstantSource clock, long round) {
        this.folder = folder;
        this.clock = clock;
        this.round = round;
        this.shown = RunStatus.running(round);
        refresh();
    }

    /** The state of the run in a directory; empty if there is no readable status. */
    public static Optional<RunStatus.State> stateIn(AtomicDirectory folder) {
        return folder.has(NAME) ? RunStatus.stateIn(folder.read(NAME)) : Optional.empty();
    }

    /**
     * Writes that a run ended before it was under way again; the number of rounds in the file is retained.
     *
     * @param failure receives an exception of the write as suppressed
     */
    public static void endedBefore(
            AtomicDirectory folder,
            InstantSource clock,
            RunStatus.State state,
            int exitCode,
            String message,
            String hint,
            Throwable failure) {
        try {
            long round = folder.has(NAME) ? RunStatus.roundIn(folder.read(NAME)) : 0;
            RunStatus status = RunStatus.ended(state, exitCode, message, round, hint);
            writeEnd(folder, status.json(clock.instant()));
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Sets the number of rounds done. */
    public void count(long rounds) {
        round = rounds;
    }

    /** The number of rounds done. */
    public long round() {
        return round;
    }

    /** Writes the status if it has changed or is older than 15 s. */
    public synchronized void refresh() {
        if (ended != null) {
            return;
        }
        RunStatus now = RunStatus.running(round);
        Duration age = written.equals(Instant.MIN) ? MAX_INTERVAL : Duration.between(written, clock.instant());
        boolean due = age.compareTo(MAX_INTERVAL) >= 0 || (!now.equals(shown) && age.compareTo(MIN_INTERVAL) >= 0);
        if (due || age.isNegative()) {
            write(now);
        }
    }

    /**
     * Writes the final status, which later calls do not change.
     *
     * @throws UncheckedIOException if it cannot be written
     */
    public synchronized void end(RunStatus status) {
        ended = status;
        writeEnd(folder, status.json(clock.instant()));
    }

    /** Overwrites the existing file in place if the disk has no space for another one. */
    private static void writeEnd(AtomicDirectory folder, byte[] json) {
        RunDirectory.requireExists(folder);
        try {
            folder.replace(NAME, json);
        } catch (UncheckedIOException e) {
            if (!folder.overwrite(NAME, json)) {
                throw e;
            }
        }
    }

    /**
     * Writes that the run failed, if the file can still be written.
     *
     * @param hint what the user can do next
     * @param failure receives an exception of the write as suppressed
     */
    public void failed(int exitCode, String message, String hint, Throwable failure) {
        try {
            end(RunStatus.ended(RunStatus.State.FAILED, exitCode, message, round, hint));
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** The text, padded with spaces before its line break. */
    private static byte[] padded(byte[] json) {
        byte[] padded = Arrays.copyOf(json, Math.max(RESERVED_BYTES, json.length));
        Arrays.fill(padded, json.length - 1, padded.length - 1, (byte) ' ');
        padded[padded.length - 1] = '\n';
        return padded;
    }

    private void write(RunStatus status) {
        RunDirectory.requireExists(folder);
        Instant now = clock.instant();
        folder.replaceUnsynced(NAME, padded(status.json(now)));
        shown = status;
        written = now;
    }
}
