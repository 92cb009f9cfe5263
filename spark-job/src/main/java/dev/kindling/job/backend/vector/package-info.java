/**
 * The CPU backends: plan a program once and run task after task with its data in the cache, {@code vector} on the JVM's Vector
 * API, {@code scalar} in plain loops. The only package that imports {@code jdk.incubator.vector}; no other package may name its
 * classes, which are found by the {@code ServiceLoader}. The build generates the double kernels from the files whose names begin
 * with {@code Float}, and those {@code FloatScalar} classes that are not here from the classes without {@code Scalar}, by removing
 * their vector loops.
 */
@NullMarked
package dev.kindling.job.backend.vector;

import org.jspecify.annotations.NullMarked;
