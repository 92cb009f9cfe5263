package dev.kindling.driver.plan;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.tensor.Precision;

/**
 * What computes.
 *
 * @param name {@code vector}, {@code nd4j} or {@code reference}
 * @param options precision and memory of one thread
 */
public record BackendSettings(String name, CompileOptions options) {
    /** The same backend in double precision. */
    public BackendSettings inDouble() {
        return new BackendSettings(name, new CompileOptions(Precision.DOUBLE, options.memoryBytes()));
    }
}
