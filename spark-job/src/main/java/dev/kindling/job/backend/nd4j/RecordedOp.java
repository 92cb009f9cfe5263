package dev.kindling.job.backend.nd4j;

/** One kernel, or a few, over the arrays of a frame. */
interface RecordedOp {
    /**
     * Runs.
     *
     * @param active which tasks count; the others' numbers are computed, mean nothing, and must not make a step fail
     */
    void run(boolean[] active);
}
