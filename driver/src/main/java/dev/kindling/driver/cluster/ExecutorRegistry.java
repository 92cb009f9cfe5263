package dev.kindling.driver.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The connected executors in the order of their registration, and the selection of executors for ranges. Not thread-safe. */
final class ExecutorRegistry {
    private final Map<ExecutorConnection, ExecutorState> executors = new LinkedHashMap<>();

    /** Registers an executor. */
    void add(ExecutorConnection connection, long now) {
        executors.put(connection, new ExecutorState(connection, now));
    }

    /** Removes an executor. */
    void remove(ExecutorState executor) {
        executors.remove(executor.connection());
    }

    void clear() {
        executors.clear();
    }

    /** The state of the executor with the given connection; null if it has been removed. */
    @Nullable
    ExecutorState of(ExecutorConnection connection) {
        return executors.get(connection);
    }

    /** All executors. */
    Collection<ExecutorState> all() {
        return executors.values();
    }

    boolean isEmpty() {
        return executors.isEmpty();
    }

    boolean anyReady() {
        return executors.values().stream().anyMatch(ExecutorState::ready);
    }

    /** Whether another executor is ready. */
    boolean othersReady(ExecutorState executor) {
        return executors.values().stream().anyMatch(other -> !other.equals(executor) && other.ready());
    }

    /** The executors for a new round: those that are idle, or if there are none, those that are ready. */
    List<ExecutorState> free() {
        List<ExecutorState> idle =
                executors.values().stream().filter(ExecutorState::idle).toList();
        return idle.isEmpty()
                ? executors.values().stream().filter(ExecutorState::ready).toList()
                : idle;
    }

    /**
     * The executor for a range that is assigned to none: preferably one on which it has not failed, then the one with the
     * fewest ranges, then the one heard from last, because executors are often lost together. Empty if none is ready.
     */
    Optional<ExecutorState> best(RangeAssignment assignment) {
        return executors.values().stream()
                .filter(ExecutorState::ready)
                .min(Comparator.comparing(assignment::hasFailedOn)
                        .thenComparingInt(ExecutorState::assignedCount)
                        .thenComparing(ExecutorState::lastHeard, Comparator.reverseOrder()));
    }

    /** An idle executor for a range that is assigned to another one already; empty if there is none. */
    Optional<ExecutorState> idle(RangeAssignment assignment) {
        return executors.values().stream()
                .filter(ExecutorState::idle)
                .filter(executor -> !assignment.executors().contains(executor))
                .findFirst();
    }
}
