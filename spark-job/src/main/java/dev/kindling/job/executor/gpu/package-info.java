/**
 * The GPUs of an executor's machine before anything computes on them: maps Spark's GPU addresses to devices, and checks that a
 * backend can run on them. Uses neither Spark nor CUDA.
 */
@NullMarked
package dev.kindling.job.executor.gpu;

import org.jspecify.annotations.NullMarked;
