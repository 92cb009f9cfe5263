package dev.kindling.job.backend.vector;

/** Where an array begins: which of the workspace's flat arrays, and the offset in it. */
record Place(int space, int offset) {
    Place plus(int more) {
        return new Place(space, offset + more);
    }
}
