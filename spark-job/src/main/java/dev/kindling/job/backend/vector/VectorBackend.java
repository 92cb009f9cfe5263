package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;

/** The CPU backend on the JVM's Vector API. */
public final class VectorBackend implements Backend {
    /** For the service loader. */
    public VectorBackend() {}

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        return switch (options.precision()) {
            case FLOAT -> new FloatExecutable(program, program);
            case DOUBLE -> new DoubleExecutable(program, program);
        };
    }
}
