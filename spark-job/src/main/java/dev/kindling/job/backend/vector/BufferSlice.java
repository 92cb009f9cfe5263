package dev.kindling.job.backend.vector;

/** Where an array begins: which of the workspace's flat arrays, and the offset in it. */
record BufferSlice(int space, int offset) {
    BufferSlice plus(int more) {
        return new BufferSlice(space, offset + more);
    }
}
