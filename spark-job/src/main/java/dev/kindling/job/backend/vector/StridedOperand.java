package dev.kindling.job.backend.vector;

/**
 * How an elementwise kernel reads an argument over rows of neighbours: where row 0 begins, how far the next row is, and
 * whether a row is one number for all its elements.
 */
record StridedOperand(BufferSlice slice, int rowStride, boolean single) {}
