package dev.kindling.job.backend.plain;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;

/**
 * The backend {@code plain}: one op after another, each into a new array of doubles. In single precision the result of
 * every op is rounded to float, while products and sums add up in double. Its memory is not bounded by the options.
 */
public final class PlainBackend implements Backend {
    @Override
    public String name() {
        return "plain";
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        return new PlainExecutable(program, options.precision());
    }
}
