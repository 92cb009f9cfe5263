package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.Handshake;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The credentials of a run's worker jobs: a secret for each, and for each Spark task that runs one, the executor that Spark
 * has assigned it to. Each Spark task may open one connection. Thread-safe.
 */
final class WorkerCredentials {
    private final Map<Long, String> secrets = new HashMap<>();
    private final Map<Long, Attempt> attempts = new HashMap<>();
    private final Map<Placement, Runnable> awaited = new HashMap<>();
    private final Set<Long> used = new HashSet<>();
    private Runnable changed = () -> {};

    /**
     * A Spark task that runs a worker job.
     *
     * @param executor that runs it, by Spark's id
     * @param host of the executor
     */
    record Attempt(long workerJobId, String executor, String host) {}

    /** A worker job on an executor. */
    private record Placement(long workerJobId, String executor) {}

    /** Creates the secret of a worker job that is about to be submitted. */
    synchronized String issue(long workerJobId) {
        String secret = Handshake.random();
        secrets.put(workerJobId, secret);
        return secret;
    }

    /** Removes the secret of a worker job that has ended. */
    synchronized void revoke(long workerJobId) {
        secrets.remove(workerJobId);
        awaited.keySet().removeIf(placement -> placement.workerJobId() == workerJobId);
    }

    /** The secret of a worker job; empty if there is none or it has ended. */
    synchronized Optional<String> secret(long workerJobId) {
        return Optional.ofNullable(secrets.get(workerJobId));
    }

    /** Sets a callback that runs after each start of a Spark task. */
    synchronized void whenBegun(Runnable callback) {
        changed = callback;
    }

    /**
     * Runs an action as soon as Spark reports that it has assigned a worker job to an executor; never if the worker job runs
     * elsewhere or does not exist.
     */
    void whenAssigned(long workerJobId, String executor, Runnable action) {
        synchronized (this) {
            boolean assigned = attempts.values().stream()
                    .anyMatch(attempt -> attempt.workerJobId() == workerJobId
                            && attempt.executor().equals(executor));
            if (!assigned) {
                if (secrets.containsKey(workerJobId)) {
                    awaited.put(new Placement(workerJobId, executor), action);
                }
                return;
            }
        }
        action.run();
    }

    /** Records that Spark has assigned a worker job to an executor. */
    void begun(long task, Attempt attempt) {
        Runnable callback;
        Optional<Runnable> action;
        synchronized (this) {
            attempts.put(task, attempt);
            callback = changed;
            action = Optional.ofNullable(awaited.remove(new Placement(attempt.workerJobId(), attempt.executor())));
        }
        callback.run();
        action.ifPresent(Runnable::run);
    }

    /** Records the end of a Spark task. */
    synchronized void ended(long task) {
        attempts.remove(task);
        used.remove(task);
    }

    /** What Spark has reported of a Spark task; empty before its start and after its end. */
    synchronized Optional<Attempt> attempt(long task) {
        return Optional.ofNullable(attempts.get(task));
    }

    /** Marks a Spark task's single connection as used; false if it was used before or the task has ended. */
    synchronized boolean use(long task) {
        return attempts.containsKey(task) && used.add(task);
    }
}
