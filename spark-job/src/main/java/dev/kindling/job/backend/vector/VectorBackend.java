package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.passes.LoopInvariants;
import dev.kindling.job.program.passes.LowRankMatmulPass;
import dev.kindling.job.program.passes.Passes;
import dev.kindling.job.program.passes.Rematerialization;

/** The backend {@code vector}, which runs on the processor with the JVM's Vector API. */
public final class VectorBackend implements Backend {
    /** For the service loader. */
    public VectorBackend() {}

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        Program rewritten = rewrite(program, options);
        return switch (options.precision()) {
            case FLOAT -> new FloatExecutable(program, rewritten, new FloatEmitter(ExecutionPlan.SCRATCH));
            case DOUBLE -> new DoubleExecutable(program, rewritten, new DoubleEmitter(ExecutionPlan.SCRATCH));
        };
    }

    /** The equal, optimized program that is planned. */
    static Program rewrite(Program program, CompileOptions options) {
        Program canonical = LowRankMatmulPass.rewrite(LoopInvariants.hoist(Passes.canonicalize(program)));
        return Rematerialization.within(
                canonical, options.memoryBytes(), options.precision().bytes());
    }
}
