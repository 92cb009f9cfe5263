package dev.kindling.job.program;

import java.util.BitSet;

/**
 * Which values of a program are shared by all tasks of a round and which belong to one task: a value is a task's own as
 * soon as anything it is computed from is.
 */
public final class TaskDependence {
    private final Program program;
    private final BitSet perTask;

    private TaskDependence(Program program, BitSet perTask) {
        this.program = program;
        this.perTask = perTask;
    }

    public static TaskDependence of(Program program) {
        BitSet perTask = new BitSet();
        for (Program.Input input : program.inputs()) {
            if (input.scope() != Program.Scope.BROADCAST) {
                perTask.set(program.position(input.value()));
            }
        }
        for (Value value : program.values()) {
            if (value.args().stream().anyMatch(arg -> perTask.get(program.position(arg)))) {
                perTask.set(program.position(value));
            }
        }
        return new TaskDependence(program, perTask);
    }

    /** Whether the value is computed from shared inputs and constants alone. */
    public boolean shared(Value value) {
        return !perTask.get(program.position(value));
    }
}
