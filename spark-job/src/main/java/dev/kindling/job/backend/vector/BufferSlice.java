package dev.kindling.job.backend.vector;

/**
 * The start of an array in the workspace's buffers (XLA's {@code BufferAllocation::Slice}).
 *
 * @param space index of the buffer
 * @param offset index of the array's first element in it
 */
record BufferSlice(int space, int offset) {
    BufferSlice plus(int elements) {
        return new BufferSlice(space, offset + elements);
    }
}
