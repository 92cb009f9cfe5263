package dev.kindling.driver.checkpoint;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code .lock} in a run's folder: one driver at a time. Its owner renews it; a dead process of this machine is taken
 * over at once, a process that this machine cannot tell when it has not renewed for a lease. Ages are told by the clock of the file
 * system, which all drivers share. On a file system that creates and renames atomically (local, HDFS) of several that
 * try at once one wins; on object stores two that begin in the same moment both go on until the next renewal, when one of
 * them finds the other's lock and stops. Thread-safe.
 */
public final class RunLock implements AutoCloseable {
    /** How long an owner may be silent. */
    public static final Duration LEASE = Duration.ofSeconds(60);

    /** How often an owner renews. */
    public static final Duration PERIOD = Duration.ofSeconds(15);

    static final String NAME = ".lock";

    private static final int ATTEMPTS = 20;
    private static final long ATTEMPT_MILLIS = 50;

    private final Folder folder;
    private final InstantSource clock;
    private volatile LockOwner owner;
    private volatile long heardNanos = System.nanoTime();
    private volatile @Nullable Supplier<RuntimeException> lost;
    private boolean released;

    private RunLock(Folder folder, InstantSource clock, LockOwner owner) {
        this.folder = folder;
        this.clock = clock;
        this.owner = owner;
    }

    /** Whether a folder has a lock, held or not. */
    public static boolean isIn(Folder folder) {
        return folder.has(NAME);
    }

    /** A lock as it lies there. */
    private record Seen(byte[] bytes, Optional<LockOwner> owner) {}

    /**
     * Takes the lock of a run, before anything else is written into its folder.
     *
     * @throws IllegalArgumentException if another driver has it: who, where, and when it was last heard of
     */
    public static RunLock take(Folder folder, InstantSource clock) {
        LockOwner me = LockOwner.here(clock.instant());
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (folder.createNew(NAME, me.bytes())) {
                removeLeftovers(folder);
                return new RunLock(folder, clock, me);
            }
            refuseIfHeld(folder, me);
        }
        throw new IllegalArgumentException(
                "several drivers are taking the run in " + folder + " at once; it can be trained by one at a time");
    }

    /** Refuses a lock that is held, and puts away one that is not. */
    private static void refuseIfHeld(Folder folder, LockOwner me) {
        Optional<Seen> seen = look(folder);
        if (seen.isEmpty()) {
            return;
        }
        if (isHeld(folder, seen.get(), me)) {
            throw new IllegalArgumentException("the run in " + folder + " is being trained by "
                    + seen.get().owner().map(LockOwner::toString).orElse("a driver that is just starting")
                    + "; it can be trained by one driver at a time");
        }
        putAside(folder, seen.get(), me);
    }

    /** The lock, read again while it is being written. */
    private static Optional<Seen> look(Folder folder) {
        Optional<Seen> seen = Optional.empty();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            seen = folder.find(NAME).map(bytes -> new Seen(bytes, LockOwner.of(bytes)));
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

    private static boolean isHeld(Folder folder, Seen seen, LockOwner me) {
        return switch (seen.owner().map(LockOwner::process).orElse(LockOwner.Process.UNKNOWN)) {
            case ALIVE -> true;
            case DEAD -> false;
            case UNKNOWN -> age(folder, me).compareTo(LEASE) <= 0;
        };
    }

    /** How long ago the lock was written, by the file system's clock: that of a file which is written now. */
    private static Duration age(Folder folder, LockOwner me) {
        String probe = NAME + "-probe-" + me.nonce();
        folder.replace(probe, new byte[0]);
        try {
            Optional<Instant> now = folder.written(probe);
            Optional<Instant> then = folder.written(NAME);
            return now.isPresent() && then.isPresent() ? Duration.between(then.get(), now.get()) : Duration.ZERO;
        } finally {
            folder.remove(probe);
        }
    }

    /** Of several that put the same lock aside one succeeds; one that caught a newer lock gives it back. */
    private static void putAside(Folder folder, Seen seen, LockOwner me) {
        String aside = NAME + "-" + me.nonce();
        if (folder.renameIfThere(NAME, aside)) {
            Optional<byte[]> caught = folder.find(aside);
            if (caught.isPresent() && !Arrays.equals(caught.get(), seen.bytes())) {
                folder.createNew(NAME, caught.get());
            }
            folder.remove(aside);
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
    private static void removeLeftovers(Folder folder) {
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
            Optional<Seen> seen = lookForMine();
            if (seen.isEmpty() && !RunDirectory.isIn(folder)) {
                lost = () -> RunDirectory.gone(folder);
                return;
            }
            if (seen.isEmpty() || !isMine(seen.get())) {
                String sentence = "the run in " + folder + " was taken over by "
                        + seen.flatMap(Seen::owner).map(LockOwner::toString).orElse("somebody who removed its lock")
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

    /** One that takes over may have caught this lock by mistake and gives it back in a moment. */
    private Optional<Seen> lookForMine() {
        Optional<Seen> seen = look(folder);
        for (int attempt = 0; seen.isEmpty() && attempt < ATTEMPTS; attempt++) {
            pause();
            seen = look(folder);
        }
        return seen;
    }

    private boolean isMine(Seen seen) {
        return seen.owner().filter(one -> one.nonce().equals(owner.nonce())).isPresent();
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
            if (lost == null && look(folder).filter(this::isMine).isPresent()) {
                folder.remove(NAME);
            }
        } catch (UncheckedIOException e) {
            // What stays behind names a process that is about to be dead, and how the run ended is told already.
        }
    }
}
