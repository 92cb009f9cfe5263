/**
 * Runs ranges of tasks, without Spark: opens and compiles a job once per JVM, materialises episodes, runs programs on them
 * and reduces the outputs to partial sums, on the threads of a worker pool. May import the packages from {@code tensor} to
 * {@code protocol} except {@code model} and {@code algorithm}; must not start threads or send messages.
 */
@NullMarked
package dev.kindling.job.runner;

import org.jspecify.annotations.NullMarked;
