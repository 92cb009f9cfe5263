package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** Creates workspaces of programs that are planned without the passes that the backend applies first. */
public final class Planned {
    private Planned() {}

    public static Workspace workspace(Program program, Precision precision) {
        return switch (precision) {
            case FLOAT -> new FloatExecutable(program, program).workspace();
            case DOUBLE -> new DoubleExecutable(program, program).workspace();
        };
    }
}
