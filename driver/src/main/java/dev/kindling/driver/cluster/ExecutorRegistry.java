package dev.kindling.driver.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who is there: a seat for each link, in the order in which they came, and who of them is the one to ask. Not thread-safe. */
final class ExecutorRegistry {
    private final Map<ExecutorConnection, ExecutorState> executors = new LinkedHashMap<>();

    /** A link has come. */
    void join(ExecutorConnection connection, long now) {
        executors.put(connection, new ExecutorState(connection, now));
    }

    /** A seat's link is of no more use. */
    void remove(ExecutorState executor) {
        executors.remove(executor.connection());
    }

    void clear() {
        executors.clear();
    }

    /** The seat of a link; null if it has none any more. */
    @Nullable
    ExecutorState of(ExecutorConnection connection) {
        return executors.get(connection);
    }

    /** All of them. */
    Collection<ExecutorState> all() {
        return executors.values();
    }

    boolean isEmpty() {
        return executors.isEmpty();
    }

    boolean anyReady() {
        return executors.values().stream().anyMatch(ExecutorState::ready);
    }

    /** Whether another one can work, too. */
    boolean othersReady(ExecutorState executor) {
        return executors.values().stream().anyMatch(other -> !other.equals(executor) && other.ready());
    }

    /** Those to deal a round to: the ones that owe nothing, or, where there is none, the ones that can work at all. */
    List<ExecutorState> free() {
        List<ExecutorState> idle =
                executors.values().stream().filter(ExecutorState::idle).toList();
        return idle.isEmpty()
                ? executors.values().stream().filter(ExecutorState::ready).toList()
                : idle;
    }

    /**
     * Whom to deal a range to that nobody holds: one on which it has not failed, who has least to do, and was heard last,
     * because executors are lost together. Empty where nobody can work.
     */
    Optional<ExecutorState> best(RangeAssignment assignment) {
        return executors.values().stream()
                .filter(ExecutorState::ready)
                .min(Comparator.comparing(assignment::hasFailedOn)
                        .thenComparingInt(ExecutorState::isAssigned)
                        .thenComparing(ExecutorState::lastHeard, Comparator.reverseOrder()));
    }

    /** Whom to deal a range to that somebody else holds already; empty where everybody has something to do. */
    Optional<ExecutorState> idle(RangeAssignment assignment) {
        return executors.values().stream()
                .filter(ExecutorState::idle)
                .filter(executor -> !assignment.executors().contains(executor))
                .findFirst();
    }
}
