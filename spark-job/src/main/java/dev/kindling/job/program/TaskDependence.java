package dev.kindling.job.program;

import java.util.BitSet;

/**
 * A dataflow analysis of which values of a program depend on the task: a value does if it is a task input or any of its
 * arguments does. The others are computed once per round.
 */
public final class TaskDependence {
    private final Program program;
    private final BitSet dependent;

    private TaskDependence(Program program, BitSet dependent) {
        this.program = program;
        this.dependent = dependent;
    }

    public static TaskDependence of(Program program) {
        BitSet dependent = new BitSet();
        for (Program.Input input : program.inputs()) {
            if (input.scope() != Program.Scope.BROADCAST) {
                dependent.set(program.position(input.value()));
            }
        }
        for (Value value : program.values()) {
            if (value.args().stream().anyMatch(arg -> dependent.get(program.position(arg)))) {
                dependent.set(program.position(value));
            }
        }
        return new TaskDependence(program, dependent);
    }

    /** Whether the value is computed from broadcast inputs and constants only. */
    public boolean taskIndependent(Value value) {
        return !dependent.get(program.position(value));
    }
}
