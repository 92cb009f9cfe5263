package dev.kindling.driver.cluster;

import dev.kindling.job.task.TaskSpec;
import java.util.List;

/**
 * What a cluster is asked to run in one round.
 *
 * @param program name of a program of the job that the cluster was opened with
 * @param specs the round's tasks in order, at least one
 * @param perTaskOutputs whether per-task outputs are wanted; then no task is left out of anything
 */
public record RoundRequest(String program, List<TaskSpec> specs, boolean perTaskOutputs) {
    /** A request; the list is copied. */
    public RoundRequest {
        if (specs.isEmpty()) {
            throw new IllegalArgumentException("a round has 0 tasks; it must have at least 1");
        }
        specs = List.copyOf(specs);
    }

    /** As logs name it: {@code train, round 17}. */
    @Override
    public String toString() {
        return program + ", round " + specs.get(0).round();
    }
}
