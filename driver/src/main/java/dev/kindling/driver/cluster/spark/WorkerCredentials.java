package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.Handshake;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What executors of a run may connect with: a secret for each worker job, and of each Spark task that runs one, as Spark tells
 * it, the executor to which Spark gave it. Each such task is good for one connection. Thread-safe.
 */
final class WorkerCredentials {
    private final Map<Long, String> secrets = new HashMap<>();
    private final Map<Long, Attempt> attempts = new HashMap<>();
    private final Set<Long> used = new HashSet<>();
    private Runnable changed = () -> {};

    /**
     * A Spark task that runs a worker job.
     *
     * @param ticket of the worker job
     * @param executor that runs it, as Spark knows it
     * @param host of the executor
     */
    record Attempt(long ticket, String executor, String host) {}

    /** A new secret for a worker job that is about to be submitted. */
    synchronized String issue(long ticket) {
        String secret = Handshake.random();
        secrets.put(ticket, secret);
        return secret;
    }

    /** The worker job is over. */
    synchronized void revoke(long ticket) {
        secrets.remove(ticket);
    }

    /** The secret of a worker job; empty where there is no such worker job, or it is over. */
    synchronized Optional<String> secret(long ticket) {
        return Optional.ofNullable(secrets.get(ticket));
    }

    /** Calls back after each Spark task that begins. */
    synchronized void whenBegun(Runnable callback) {
        changed = callback;
    }

    /** Spark has given a worker job to an executor. */
    void begun(long task, Attempt attempt) {
        Runnable callback;
        synchronized (this) {
            attempts.put(task, attempt);
            callback = changed;
        }
        callback.run();
    }

    /** The Spark task is over. */
    synchronized void ended(long task) {
        attempts.remove(task);
        used.remove(task);
    }

    /** What Spark has told of a Spark task; empty while it has told nothing, and after its end. */
    synchronized Optional<Attempt> attempt(long task) {
        return Optional.ofNullable(attempts.get(task));
    }

    /** Uses up what a Spark task is good for; false if it has been used or the task is over. */
    synchronized boolean use(long task) {
        return attempts.containsKey(task) && used.add(task);
    }
}
