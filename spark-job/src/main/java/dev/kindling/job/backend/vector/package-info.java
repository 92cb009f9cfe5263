/**
 * The CPU backend on the JVM's Vector API: plans a program once and runs task after task with its data in the cache. The
 * only package that imports {@code jdk.incubator.vector}; no other package may name its classes, which are found by the
 * {@code ServiceLoader}. The build generates the double kernels from the files whose names begin with {@code Float}.
 */
@NullMarked
package dev.kindling.job.backend.vector;

import org.jspecify.annotations.NullMarked;
