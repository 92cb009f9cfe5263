package dev.kindling.job.protocol;

import dev.kindling.job.tensor.FlatVector;

/**
 * What a round fixes for all its tasks: driver to executors, once per JVM and round, however many orders follow. Nobody
 * writes to the numbers while orders of its version run.
 *
 * @param version its number among the vectors of one cluster; orders refer to it
 * @param values the program's shared inputs: θ first, then what else the round fixes
 */
public record BroadcastVector(long version, FlatVector values) implements ExecutorMessage {}
