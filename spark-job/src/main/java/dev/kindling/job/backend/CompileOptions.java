package dev.kindling.job.backend;

import dev.kindling.job.tensor.Precision;

/**
 * The options of {@link Backend#compile}.
 *
 * @param precision the floating-point type of every value
 * @param memoryBytes memory budget of one workspace in bytes for the residuals of reverse passes; above it they are
 *     recomputed
 */
public record CompileOptions(Precision precision, long memoryBytes) {
    public CompileOptions {
        if (memoryBytes < 1) {
            throw new IllegalArgumentException("memoryBytes is " + memoryBytes + "; it must be at least 1");
        }
    }
}
