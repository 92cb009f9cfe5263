package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.task.TaskSpec;
import java.util.List;

/**
 * A request to run one program on the tasks of one round.
 *
 * @param program name of a program of the job that the cluster was opened with
 * @param specs the round's tasks in order, at least one
 * @param outputs which outputs are returned
 */
public record RoundRequest(String program, List<TaskSpec> specs, OutputMode outputs) {
    /** Copies the list; throws IllegalArgumentException if it is empty. */
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
