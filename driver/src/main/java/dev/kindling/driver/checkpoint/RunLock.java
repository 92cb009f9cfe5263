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
 * The lock file {@code .lock} of a run's directory, which admits one driver at a time. Its owner renews it periodically. A
 * lock whose owner is a dead process of this machine is taken over at once; a lock whose owner this machine cannot observe is
 * taken over after a lease without renewal. Ages are measured by the file system's clock, which all drivers share.
 * Thread-safe.
 *
 * <p>A lock is taken over through a successor: a file named after the nonce of the lock that it succeeds, created
 * exclusively like the lock itself. Nonces are never reused, so of all drivers that ever judge one lock dead exactly one
 * creates its successor. That driver then checks that the lock is still byte for byte what it judged: the lock may have been
 * renewed meanwhile, or taken over by an earlier successor, whose name became free when it became the lock. Only then it
 * renames its successor over the lock. A driver that dies before that leaves a successor, which is succeeded in the same
 * way.
 *
 * <p>The guarantee is that of the file system's exclusive creation, which local disks and HDFS have. On object stores two
 * drivers that start at the same moment may both run until the next renewal, when one of them finds the other's lock and
 * stops.
 */
public final class RunLock implements AutoCloseable {
    /** How long an owner may go without renewing. */
    public static final Duration LEASE = Duration.ofSeconds(60);

    /** The interval between renewals. */
    public static final Duration PERIOD = Duration.ofSeconds(15);

    /** Name of the lock file. */
    public static final String NAME = ".lock";

    private static final String SUCCESSOR = NAME + "-after-";

    private static final int ATTEMPTS = 20;
    private static final long ATTEMPT_MILLIS = 50;

    private final AtomicDirectory folder;
    private final InstantSource clock;
    private volatile LockOwner owner;
    private volatile long renewedNanos = System.nanoTime();
    private volatile @Nullable Supplier<RuntimeException> lost;
    private boolean released;

    private RunLock(AtomicDirectory folder, InstantSource clock, LockOwner owner) {
        this.folder = folder;
        this.clock = clock;
        this.owner = owner;
    }

    /** Whether a directory has a lock file, held or not. */
    public static boolean isIn(AtomicDirectory folder) {
        return folder.has(NAME);
    }

    /** A lock or successor file as it was read. */
    private record LockFile(String name, byte[] bytes, Optional<LockOwner> owner) {
        /** The name of the file that succeeds it. */
        String successor() {
            return SUCCESSOR + owner.map(LockOwner::nonce).orElseGet(() -> DigestUtils.sha256Hex(bytes));
        }

        boolean isOf(LockOwner one) {
            return owner.filter(other -> other.nonce().equals(one.nonce())).isPresent();
        }

        boolean isSameAs(LockFile other) {
            return name.equals(other.name) && Arrays.equals(bytes, other.bytes);
        }
    }

    /**
     * Acquires the lock of a run, before anything else is written into its directory.
     *
     * @throws IllegalArgumentException if another driver holds it; the message names its process, host and last renewal
     */
    public static RunLock take(AtomicDirectory folder, InstantSource clock) {
        LockOwner self = LockOwner.here(clock.instant());
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (folder.createNew(NAME, self.bytes()) || takeOver(folder, self)) {
                removeLeftovers(folder);
                return new RunLock(folder, clock, self);
            }
        }
        throw new IllegalArgumentException(
                "several drivers are taking the run in " + folder + " at once; it can be trained by one at a time");
    }

    /** Takes over a lock that is no longer held; false if another driver interfered. IllegalArgumentException if it is held. */
    private static boolean takeOver(AtomicDirectory folder, LockOwner self) {
        List<LockFile> chain = chain(folder);
        if (chain.isEmpty()) {
            return false;
        }
        LockFile last = chain.get(chain.size() - 1);
        if (isHeld(folder, last, self)) {
            throw new IllegalArgumentException("the run in " + folder + " is being trained by "
                    + last.owner().map(LockOwner::toString).orElse("a driver that is just starting")
                    + "; it can be trained by one driver at a time");
        }
        String successor = last.successor();
        if (!folder.createNew(successor, self.bytes())) {
            return false;
        }
        if (isLast(folder, chain, self)) {
            folder.moveOver(successor, NAME, self.bytes());
            chain.stream().skip(1).map(LockFile::name).forEach(folder::remove);
            return true;
        }
        folder.remove(successor);
        return false;
    }

    /** Whether the chain of owners is unchanged, with this one added at its end. */
    private static boolean isLast(AtomicDirectory folder, List<LockFile> chain, LockOwner self) {
        List<LockFile> now = chain(folder);
        if (now.size() != chain.size() + 1 || !now.get(chain.size()).isOf(self)) {
            return false;
        }
        return IntStream.range(0, chain.size()).allMatch(i -> now.get(i).isSameAs(chain.get(i)));
    }

    /** The lock, its successor, the successor of that, and so on: usually the lock only; empty if there is none. */
    private static List<LockFile> chain(AtomicDirectory folder) {
        List<LockFile> chain = new ArrayList<>();
        Optional<LockFile> next = look(folder, NAME);
        while (next.isPresent()) {
            chain.add(next.get());
            next = look(folder, next.get().successor());
        }
        return chain;
    }

    /** Reads a lock or successor file, with retries while it is being written. */
    private static Optional<LockFile> look(AtomicDirectory folder, String name) {
        Optional<LockFile> seen = Optional.empty();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            seen = folder.find(name).map(bytes -> new LockFile(name, bytes, LockOwner.of(bytes)));
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

    private static boolean isHeld(AtomicDirectory folder, LockFile seen, LockOwner self) {
        return switch (seen.owner().map(LockOwner::process).orElse(LockOwner.Process.UNKNOWN)) {
            case ALIVE -> true;
            case DEAD -> false;
            case UNKNOWN -> age(folder, seen, self).compareTo(LEASE) <= 0;
        };
    }

    /** The age of a lock by the file system's clock, read from a file that is written now. */
    private static Duration age(AtomicDirectory folder, LockFile seen, LockOwner self) {
        String probe = NAME + "-probe-" + self.nonce();
        folder.replaceUnsynced(probe, new byte[0]);
        try {
            Optional<Instant> now = folder.written(probe);
            Optional<Instant> then = folder.written(seen.name());
            return now.isPresent() && then.isPresent() ? Duration.between(then.get(), now.get()) : Duration.ZERO;
        } finally {
            folder.remove(probe);
        }
    }

    /** Whether a file of a run's directory belongs to its lock. */
    static boolean owns(String name) {
        return name.equals(NAME) || name.equals("." + NAME + ".new") || isOfAcquisition(name);
    }

    /** Whether a file is one that a driver creates while it acquires the lock, and leaves if it dies meanwhile. */
    private static boolean isOfAcquisition(String name) {
        return name.startsWith(NAME + "-") || name.startsWith("." + NAME + "-");
    }

    /** Deletes files older than a lease that dead drivers left; a driver that is acquiring the lock needs its younger ones. */
    private static void removeLeftovers(AtomicDirectory folder) {
        try {
            Optional<Instant> now = folder.written(NAME);
            for (String name : folder.names()) {
                Optional<Instant> then = isOfAcquisition(name) ? folder.written(name) : Optional.empty();
                if (now.isPresent()
                        && then.isPresent()
                        && Duration.between(then.get(), now.get()).compareTo(LEASE) > 0) {
                    folder.remove(name);
                }
            }
        } catch (UncheckedIOException e) {
            // Leftovers are harmless; the next driver tries again.
        }
    }

    /** Renews the lock; to be called every {@link #PERIOD}. Failures are recorded and thrown by {@link #permit}. */
    public synchronized void renew() {
        if (released || lost != null) {
            return;
        }
        try {
            List<LockFile> chain = chain(folder);
            if (chain.isEmpty() && !RunDirectory.isIn(folder)) {
                lost = () -> RunDirectory.gone(folder);
                return;
            }
            if (!isMine(chain)) {
                String message = "the run in " + folder + " was taken over by " + other(chain)
                        + "; this driver stops and writes nothing more";
                lost = () -> new LostLockException(message);
                return;
            }
            owner = owner.renewed(clock.instant());
            folder.replace(NAME, owner.bytes());
            renewedNanos = System.nanoTime();
        } catch (UncheckedIOException e) {
            if (isStale()) {
                lost = () -> new UncheckedIOException(e.getMessage(), e.getCause());
            }
        }
    }

    private boolean isMine(List<LockFile> chain) {
        return chain.size() == 1 && chain.get(0).isOf(owner);
    }

    private static String other(List<LockFile> chain) {
        return chain.isEmpty()
                ? "a process that deleted its lock"
                : chain.get(chain.size() - 1).owner().map(LockOwner::toString).orElse("a driver that is just starting");
    }

    /** Whether the last renewal is older than a lease, by either clock, so that another driver may hold the run. */
    private boolean isStale() {
        return System.nanoTime() - renewedNanos > LEASE.toNanos()
                || Duration.between(owner.renewed(), clock.instant()).compareTo(LEASE) > 0;
    }

    /** Whether the lock was taken over or deleted, or could not be renewed for a lease. */
    public boolean isLost() {
        return lost != null;
    }

    /**
     * Returns if the run's directory may be written. After a lease without renewal, as after a suspension of the process, it
     * renews first.
     *
     * @throws LostLockException if another driver holds the run
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

    /** Releases the lock, unless another driver holds it. */
    @Override
    public synchronized void close() {
        if (released) {
            return;
        }
        released = true;
        try {
            if (lost == null && isMine(chain(folder))) {
                folder.remove(NAME);
            }
        } catch (UncheckedIOException e) {
            // The lock that remains names a process that is about to end, and status.json already records how the run
            // ended.
        }
    }
}
