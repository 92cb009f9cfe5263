package dev.kindling.job.backend;

import dev.kindling.job.tensor.Precision;

/**
 * How to compile.
 *
 * @param precision of every number in the executable
 * @param memoryBytes budget of one workspace for values kept for a reverse pass; above it they are recomputed
 */
public record CompileOptions(Precision precision, long memoryBytes) {
    public CompileOptions {
        if (memoryBytes < 1) {
            throw new IllegalArgumentException("memoryBytes is " + memoryBytes + "; it must be at least 1");
        }
    }
}
