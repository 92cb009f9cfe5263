package dev.kindling.job.backend.nd4j;

/** One or a few kernel calls with their arrays, for one batch size. */
interface RecordedOp {
    /**
     * Runs the kernels.
     *
     * @param active for each task whether its results are used; values of the others are computed but undefined, and must
     *     not raise an error
     */
    void run(boolean[] active);
}
