package dev.kindling.job.backend.reference;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.passes.Rematerialization;
import dev.kindling.job.tensor.Precision;

/**
 * The backend {@code reference}, which runs one op after another, each into a new array of doubles. In single precision
 * the result of every op is rounded to float, while products and sums accumulate in double. The residuals of loops stay
 * within the options' memory budget where possible; no other memory is bounded.
 */
public final class ReferenceBackend implements Backend {
    @Override
    public String name() {
        return "reference";
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        Program rewritten = Rematerialization.within(program, options.memoryBytes(), Double.BYTES);
        return new Interpreted(program, rewritten, options.precision());
    }

    /** A program and the equal, rematerialised program that is interpreted. */
    private record Interpreted(Program program, Program rewritten, Precision precision) implements Executable {
        @Override
        public Workspace workspace(Device device) {
            return new ReferenceWorkspace(rewritten, precision);
        }
    }
}
