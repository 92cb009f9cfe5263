package dev.kindling.job.protocol;

import dev.kindling.job.tensor.FlatVector;

/**
 * The inputs that all tasks of a round share: driver to executors, once per JVM and round, whatever the number of ranges.
 * The vector must not be written to while ranges of its version run.
 *
 * @param version its number among the vectors of one cluster; requests refer to it
 * @param values the program's broadcast inputs: θ first, then the others
 */
public record BroadcastVector(long version, FlatVector values) implements ExecutorMessage {}
