/**
 * What is known of the GPUs of an executor's machine before anything computes on them: which one an address of Spark's
 * means, and whether a backend can run on it. A sub-room of the executor's without Spark and without CUDA.
 */
@NullMarked
package dev.kindling.job.executor.gpu;

import org.jspecify.annotations.NullMarked;
