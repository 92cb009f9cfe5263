package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;

/**
 * The backend {@code scalar}: plans as {@link VectorBackend} does and has the same bits, but its kernels are loops in plain
 * Java, so that it runs in every JVM.
 */
public final class ScalarBackend implements Backend {
    /** For the service loader. */
    public ScalarBackend() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        Program rewritten = VectorBackend.rewrite(program, options);
        return switch (options.precision()) {
            case FLOAT -> new FloatExecutable(program, rewritten, new FloatScalarEmitter(ExecutionPlan.SCRATCH));
            case DOUBLE -> new DoubleExecutable(program, rewritten, new DoubleScalarEmitter(ExecutionPlan.SCRATCH));
        };
    }
}
