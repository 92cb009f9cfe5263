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
 * {@code status.json} of a run: written at once where the state changes, every two seconds at most while rounds pass, and
 * every 15 seconds at least, so that a reader can tell a driver that died. Thread-safe: a round is only counted on the
 * loop's thread; {@link #refresh}, on another, writes.
 */
public final class StatusFile {
    private static final String NAME = "status.json";
    private static final Duration MOST_OFTEN = Duration.ofSeconds(2);
    private static final Duration LEAST_OFTEN = Duration.ofSeconds(15);

    /** Bytes of a status of a run under way, so that the one of its end finds room where the disk is full. */
    private static final int ROOM = 2048;

    private final AtomicDirectory folder;
    private final InstantSource clock;
    private volatile long round;
    private @Nullable RunStatus ended;
    private RunStatus shown;
    private Instant written = Instant.MIN;

    /** The status of a run that is under way, and is written now. */
    public StatusFile(AtomicDirectory folder, InstantSource clock, long round) {
        this.folder = folder;
        this.clock = clock;
        this.round = round;
        this.shown = RunStatus.running(round);
        refresh();
    }

    /** How a run in a folder ended, or that it did not; empty where there is no status that can be read. */
    public static Optional<RunStatus.State> stateIn(AtomicDirectory folder) {
        return folder.has(NAME) ? RunStatus.stateIn(folder.read(NAME)) : Optional.empty();
    }

    /**
     * Says how a run failed that was not under way again yet; the rounds that are done stay as they are told.
     *
     * @param failure takes what keeps the status from being written
     */
    public static void failedBefore(
            AtomicDirectory folder,
            InstantSource clock,
            int exitCode,
            String sentence,
            String next,
            Throwable failure) {
        try {
            long round = folder.has(NAME) ? RunStatus.roundIn(folder.read(NAME)) : 0;
            RunStatus status = RunStatus.ended(RunStatus.State.FAILED, exitCode, sentence, round, next);
            writeEnd(folder, status.json(clock.instant()));
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** So many rounds are done. */
    public void count(long rounds) {
        round = rounds;
    }

    /** The rounds that are done. */
    public long round() {
        return round;
    }

    /** Writes the status if it has changed or is old. */
    public synchronized void refresh() {
        if (ended != null) {
            return;
        }
        RunStatus now = RunStatus.running(round);
        Duration age = written.equals(Instant.MIN) ? LEAST_OFTEN : Duration.between(written, clock.instant());
        boolean due = age.compareTo(LEAST_OFTEN) >= 0 || (!now.equals(shown) && age.compareTo(MOST_OFTEN) >= 0);
        if (due || age.isNegative()) {
            write(now);
        }
    }

    /**
     * Writes how the run ended; it stays so.
     *
     * @throws UncheckedIOException if it cannot be written
     */
    public synchronized void end(RunStatus status) {
        ended = status;
        writeEnd(folder, status.json(clock.instant()));
    }

    /** Where the disk is full, the bytes of the status that is there have room. */
    private static void writeEnd(AtomicDirectory folder, byte[] json) {
        RunDirectory.requireThere(folder);
        try {
            folder.replace(NAME, json);
        } catch (UncheckedIOException e) {
            if (!folder.overwrite(NAME, json)) {
                throw e;
            }
        }
    }

    /**
     * Writes that the run failed, as far as it can still be written.
     *
     * @param next how to go on
     * @param failure takes what keeps the status from being written
     */
    public void failed(int exitCode, String sentence, String next, Throwable failure) {
        try {
            end(RunStatus.ended(RunStatus.State.FAILED, exitCode, sentence, round, next));
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** The text with blanks before its end. */
    private static byte[] filled(byte[] json) {
        byte[] filled = Arrays.copyOf(json, Math.max(ROOM, json.length));
        Arrays.fill(filled, json.length - 1, filled.length - 1, (byte) ' ');
        filled[filled.length - 1] = '\n';
        return filled;
    }

    private void write(RunStatus status) {
        RunDirectory.requireThere(folder);
        Instant now = clock.instant();
        folder.replaceUnsynced(NAME, filled(status.json(now)));
        shown = status;
        written = now;
    }
}
