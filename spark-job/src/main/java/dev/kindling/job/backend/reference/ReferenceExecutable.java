package dev.kindling.job.backend.reference;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** The executable of {@link ReferenceBackend}: a program and the equal, rematerialised program that is interpreted. */
record ReferenceExecutable(Program program, Program rewritten, Precision precision) implements Executable {
    @Override
    public Workspace workspace(Device device) {
        return new ReferenceWorkspace(rewritten, precision);
    }
}
