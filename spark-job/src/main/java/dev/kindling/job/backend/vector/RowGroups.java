package dev.kindling.job.backend.vector;

import java.util.List;

/**
 * The rows of an elementwise step, of which a kernel processes several at a time: a call for each short row takes longer than
 * its arithmetic, and elements after its last full vector are computed one by one.
 *
 * @param rows number of rows
 * @param n elements of a row
 * @param group rows that are processed at a time; the last ones may be fewer
 */
record RowGroups(int rows, int n, int group) {
    /** The most elements that are processed at a time, so that the copies of an operand's row stay in the first-level cache. */
    static final int MOST_ELEMENTS = 1024;

    /** Fewer rows at a time do not repay the copies of an operand's row. */
    private static final int LEAST_ROWS = 8;

    /** The most operands of an elementwise step. */
    private static final int OPERANDS = 3;

    /** The groups for an elementwise step; single rows if an operand is one element for each row. */
    static RowGroups of(int rows, int n, List<StridedOperand> operands) {
        int most = Math.min(rows, MOST_ELEMENTS / n);
        boolean column = operands.stream().anyMatch(operand -> operand.scalar() && operand.rowStride() > 0);
        return new RowGroups(rows, n, column || most < LEAST_ROWS ? 1 : most);
    }

    /** Elements of scratch memory that a step needs. */
    static int scratch() {
        return OPERANDS * MOST_ELEMENTS;
    }

    /** Number of elements of the group that begins with row r. */
    int elements(int r) {
        return Math.min(group, rows - r) * n;
    }
}
