package dev.kindling.job.backend.vector;

/** One kernel call on a workspace's buffers, in float. Immutable; shared by all threads. */
interface FloatStep {
    void run(float[][] memory);
}
