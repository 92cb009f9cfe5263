package dev.kindling.job.backend.vector;

/** One planned piece of work on a workspace's arrays. Immutable; shared by all threads. */
interface FloatStep {
    void run(float[][] memory);
}
