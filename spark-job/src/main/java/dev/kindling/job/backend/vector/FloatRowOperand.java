package dev.kindling.job.backend.vector;

/**
 * An operand of an elementwise step over groups of rows. One row for all rows is repeated in scratch memory, as often as a
 * group has rows.
 *
 * @param row the first row
 * @param rowStride distance of the next row in elements; 0 if all rows are the same
 * @param n elements of a row
 * @param copies how often the row is repeated; 1 if it is read in place
 * @param read what kernels read: the scratch memory of the copies, or the row
 */
record FloatRowOperand(BufferSlice row, int rowStride, int n, int copies, BufferSlice read) {
    /**
     * The operand of a step.
     *
     * @param scratch memory for one group of rows
     */
    static FloatRowOperand of(StridedOperand operand, RowGroups groups, BufferSlice scratch) {
        boolean repeated = groups.group() > 1 && operand.rowStride() == 0 && !operand.scalar();
        return new FloatRowOperand(
                operand.slice(),
                operand.rowStride(),
                groups.n(),
                repeated ? groups.group() : 1,
                repeated ? scratch : operand.slice());
    }

    /** The array to read, after the row has been repeated in it. */
    float[] array(float[][] memory) {
        float[] array = memory[read.space()];
        if (copies > 1) {
            int at = read.offset();
            System.arraycopy(memory[row.space()], row.offset(), array, at, n);
            int done = n;
            while (done < copies * n) {
                int more = Math.min(done, copies * n - done);
                System.arraycopy(array, at, array, at + done, more);
                done += more;
            }
        }
        return array;
    }

    /** Index of row r. */
    int at(int r) {
        return read.offset() + r * rowStride;
    }
}
