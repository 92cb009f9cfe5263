/**
 * The CPU backend on the JVM's Vector API: plans a program once and runs task after task out of cache. The only room that
 * imports {@code jdk.incubator.vector}; nothing else may name its classes, the {@code ServiceLoader} finds it. Files that
 * begin with {@code Float} are rewritten for double by the build.
 */
@NullMarked
package dev.kindling.job.backend.vector;

import org.jspecify.annotations.NullMarked;
