package dev.kindling.job.backend.reference;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** A program, and the equal one that runs in its place: there is nothing more to plan. */
record ReferenceExecutable(Program program, Program rewritten, Precision precision) implements Executable {
    @Override
    public Workspace workspace(Device device) {
        return new ReferenceWorkspace(rewritten, precision);
    }
}
