package dev.kindling.job.backend.plain;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** A program as it stands: there is nothing to plan. */
record PlainExecutable(Program program, Precision precision) implements Executable {
    @Override
    public Workspace workspace() {
        return new PlainWorkspace(program, precision);
    }
}
