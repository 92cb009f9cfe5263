package dev.kindling.driver.plan;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.tensor.Precision;

/**
 * The backend that runs the programs, and its options.
 *
 * @param name {@code backend.name}, such as {@code vector}
 * @param options precision, and memory per thread
 */
public record BackendSettings(String name, CompileOptions options) {
    /** The same backend in double precision. */
    public BackendSettings inDouble() {
        return new BackendSettings(name, new CompileOptions(Precision.DOUBLE, options.memoryBytes()));
    }
}
