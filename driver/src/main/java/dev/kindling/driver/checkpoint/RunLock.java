package dev.kindling.driver.checkpoint;

import dev.kindling.driver.error.LostLockException;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * {@code .lock} in a run's folder: one driver at a time. Its owner renews it; a dead process of this machine is taken
 * over at once, a process that this machine cannot tell when it has not renewed for a lease. Ages are told by the clock of the file
 * system, which all drivers share. Thread-safe.
 *
 * <p>A lock is taken over by a successor: a file whose name holds the nonce of the lock that it succeeds, and which, as the
 * lock itself, is created only where it is not there yet. Nonces are never used twice, so of all who ever judge one lock dead one
 * creates its successor. It then looks whether the lock is still, byte for byte, what it had judged: the lock may have been renewed
 * meanwhile, or taken over by an earlier successor, whose name became free when it became the lock. Only then it becomes the lock itself. A
 * driver that dies before that has left a successor, which is succeeded in the same way.
 *
 * <p>That is as good as the file system's exclusive creation: local disks and HDFS have one. On object stores two that begin in
 * the same moment may both go on until the next renewal, when one of them finds the other's lock and stops.
 */
public final class RunLock implements AutoCloseable {
    /** How long an owner may be silent. */
    public static final Duration LEASE = Duration.ofSeconds(60);

    /** How often an owner renews. */
    public static final Duration PERIOD = Duration.ofSeconds(15);

    /** The lock file in a run directory. */
    public static final String NAME = ".lock";

    private static final String SUCCESSOR = NAME + "-after-";

    private static final int ATTEMPTS = 20;
    private static final long ATTEMPT_MILLIS = 50;

    private final AtomicDirectory folder;
    private final InstantSource clock;
    private volatile LockOwner owner;
    private volatile long heardNanos = System.nanoTime();
    private volatile @Nullable Supplier<RuntimeException> lost;
    private boolean released;

    private RunLock(AtomicDirectory folder, InstantSource clock, LockOwner owner) {
        this.folder = folder;
        this.clock = clock;
        this.owner = owner;
    }

    /** Whether a folder has a lock, held or not. */
    public static boolean isIn(AtomicDirectory folder) {
        return folder.has(NAME);
    }

    /** A file of a lock as it lies there. */
    private record Seen(String name, byte[] bytes, Optional<LockOwner> owner) {
        /** What the file is called that succeeds it. */
        String successor() {
            return SUCCESSOR + owner.map(LockOwner::nonce).orElseGet(() -> DigestUtils.sha256Hex(bytes));
        }

        boolean isOf(LockOwner one) {
            return owner.filter(other -> other.nonce().equals(one.nonce())).isPresent();
        }

        boolean isSameAs(Seen other) {
            return name.equals(other.name) && Arrays.equals(bytes, other.bytes);
        }
    }

    /**
     * Takes the lock of a run, before anything else is written into its folder.
     *
     * @throws IllegalArgumentException if another driver has it: who, where, and when it was last heard of
     */
    public static RunLock take(AtomicDirectory folder, InstantSource clock) {
        LockOwner me = LockOwner.here(clock.instant());
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (folder.createNew(NAME, me.bytes()) || succeeds(folder, me)) {
                removeLeftovers(folder);
                return new RunLock(folder, clock, me);
            }
        }
        throw new IllegalArgumentException(
                "several drivers are taking the run in " + folder + " at once; it can be trained by one at a time");
    }

    /** Refuses a lock that is held, and takes over one that is not; says whether that came to an end. */
    private static boolean succeeds(AtomicDirectory folder, LockOwner me) {
        List<Seen> line = line(folder);
        if (line.isEmpty()) {
            return false;
        }
        Seen last = line.get(line.size() - 1);
        if (isHeld(folder, last, me)) {
            throw new IllegalArgumentException("the run in " + folder + " is being trained by "
                    + last.owner().map(LockOwner::toString).orElse("a driver that is just starting")
                    + "; it can be trained by one driver at a time");
        }
        String mine = last.successor();
        if (!folder.createNew(mine, me.bytes())) {
            return false;
        }
        if (isLast(folder, line, me)) {
            folder.moveOver(mine, NAME, me.bytes());
            line.stream().skip(1).map(Seen::name).forEach(folder::remove);
            return true;
        }
        folder.remove(mine);
        return false;
    }

    /** Whether the line of owners is what it was, with this one behind it. */
    private static boolean isLast(AtomicDirectory folder, List<Seen> line, LockOwner me) {
        List<Seen> now = line(folder);
        if (now.size() != line.size() + 1 || !now.get(line.size()).isOf(me)) {
            return false;
        }
        return IntStream.range(0, line.size()).allMatch(i -> now.get(i).isSameAs(line.get(i)));
    }

    /** The lock, its successor, the successor of that, and so on: usually the lock alone; empty where there is none. */
    private static List<Seen> line(AtomicDirectory folder) {
        List<Seen> line = new ArrayList<>();
        Optional<Seen> next = look(folder, NAME);
        while (next.isPresent()) {
            line.add(next.get());
            next = look(folder, next.get().successor());
        }
        return line;
    }

    /** A file of a lock, read again while it is being written. */
    private static Optional<Seen> look(AtomicDirectory folder, String name) {
        Optional<Seen> seen = Optional.empty();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            seen = folder.find(name).map(bytes -> new Seen(name, bytes, LockOwner.of(bytes)));
            if (seen.isEmpty() || seen.get().owner().isPresent()) {
                return seen;
            }
            pause();
        }
        return seen;
    }

    private static void pause() {
        try {
            Thread.sleep(ATTEMPT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isHeld(AtomicDirectory folder, Seen seen, LockOwner me) {
        return switch (seen.owner().map(LockOwner::process).orElse(LockOwner.Process.UNKNOWN)) {
            case ALIVE -> true;
            case DEAD -> false;
            case UNKNOWN -> age(folder, seen, me).compareTo(LEASE) <= 0;
        };
    }

    /** How long ago a lock was written, by the file system's clock: that of a file which is written now. */
    private static Duration age(AtomicDirectory folder, Seen seen, LockOwner me) {
        String probe = NAME + "-probe-" + me.nonce();
        folder.replaceUnsynced(probe, new byte[0]);
        try {
            Optional<Instant> now = folder.written(probe);
            Optional<Instant> then = folder.written(seen.name());
            return now.isPresent() && then.isPresent() ? Duration.between(then.get(), now.get()) : Duration.ZERO;
        } finally {
            folder.remove(probe);
        }
    }

    /** Whether a file of a run's folder belongs to its lock. */
    static boolean owns(String name) {
        return name.equals(NAME) || name.equals("." + NAME + ".new") || isOfTaking(name);
    }

    /** What a driver makes while it takes the lock, and leaves behind if it dies there. */
    private static boolean isOfTaking(String name) {
        return name.startsWith(NAME + "-") || name.startsWith("." + NAME + "-");
    }

    /** Removes what drivers left that died; one that is taking the lock now may still need its own. */
    private static void removeLeftovers(AtomicDirectory folder) {
        try {
            Optional<Instant> now = folder.written(NAME);
            for (String name : folder.names()) {
                Optional<Instant> then = isOfTaking(name) ? folder.written(name) : Optional.empty();
                if (now.isPresent()
                        && then.isPresent()
                        && Duration.between(then.get(), now.get()).compareTo(LEASE) > 0) {
                    folder.remove(name);
                }
            }
        } catch (UncheckedIOException e) {
            // They are in nobody's way.
        }
    }

    /** Says again that the owner is alive; to be called every {@link #PERIOD}. What goes wrong is kept for {@link #permit}. */
    public synchronized void renew() {
        if (released || lost != null) {
            return;
        }
        try {
            List<Seen> line = line(folder);
            if (line.isEmpty() && !RunDirectory.isIn(folder)) {
                lost = () -> RunDirectory.gone(folder);
                return;
            }
            if (!isMine(line)) {
                String sentence = "the run in " + folder + " was taken over by " + other(line)
                        + "; this driver stops and writes nothing more";
                lost = () -> new LostLockException(sentence);
                return;
            }
            owner = owner.renewed(clock.instant());
            folder.replace(NAME, owner.bytes());
            heardNanos = System.nanoTime();
        } catch (UncheckedIOException e) {
            if (isStale()) {
                lost = () -> new UncheckedIOException(e.getMessage(), e.getCause());
            }
        }
    }

    private boolean isMine(List<Seen> line) {
        return line.size() == 1 && line.get(0).isOf(owner);
    }

    private static String other(List<Seen> line) {
        return line.isEmpty()
                ? "somebody who removed its lock"
                : line.get(line.size() - 1).owner().map(LockOwner::toString).orElse("a driver that is just starting");
    }

    /** Whether this process has been silent so long, by either clock, that another may have the run. */
    private boolean isStale() {
        return System.nanoTime() - heardNanos > LEASE.toNanos()
                || Duration.between(owner.renewed(), clock.instant()).compareTo(LEASE) > 0;
    }

    /** Whether the lock is gone, or could not be renewed for a lease. */
    public boolean isLost() {
        return lost != null;
    }

    /**
     * Permits a change of the run's folder. An owner that was silent for a lease, as a suspended process is, looks again
     * first.
     *
     * @throws LostLockException if another driver has the run
     * @throws UncheckedIOException if the lock could not be renewed for a lease
     */
    public void permit() {
        if (isStale()) {
            renew();
        }
        Supplier<RuntimeException> refusal = lost;
        if (refusal != null) {
            throw refusal.get();
        }
    }

    /** Gives the run free, unless somebody else has it. */
    @Override
    public synchronized void close() {
        if (released) {
            return;
        }
        released = true;
        try {
            if (lost == null && isMine(line(folder))) {
                folder.remove(NAME);
            }
        } catch (UncheckedIOException e) {
            // What stays behind names a process that is about to be dead, and how the run ended is told already.
        }
    }
}
