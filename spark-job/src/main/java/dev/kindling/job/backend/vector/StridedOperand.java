package dev.kindling.job.backend.vector;

/**
 * An operand of an elementwise kernel that runs over rows of contiguous elements.
 *
 * @param slice start of row 0
 * @param rowStride distance of the next row in elements; 0 if all rows are the same
 * @param scalar whether a row is one element, broadcast over its length
 */
record StridedOperand(BufferSlice slice, int rowStride, boolean scalar) {}
