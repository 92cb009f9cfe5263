package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** Creates workspaces of programs that are planned without the passes that the backend applies first. */
public final class Planned {
    private Planned() {}

    /** A workspace that computes with the Vector API. */
    public static Workspace workspace(Program program, Precision precision) {
        return switch (precision) {
            case FLOAT -> new FloatExecutable(program, program, new FloatEmitter(ExecutionPlan.SCRATCH)).workspace();
            case DOUBLE -> new DoubleExecutable(program, program, new DoubleEmitter(ExecutionPlan.SCRATCH)).workspace();
        };
    }

    /** A workspace that computes in plain loops. */
    public static Workspace scalar(Program program, Precision precision) {
        return switch (precision) {
            case FLOAT ->
                new FloatExecutable(program, program, new FloatScalarEmitter(ExecutionPlan.SCRATCH)).workspace();
            case DOUBLE ->
                new DoubleExecutable(program, program, new DoubleScalarEmitter(ExecutionPlan.SCRATCH)).workspace();
        };
    }
}
