package dev.kindling.job.backend.nd4j;

import java.util.ArrayList;
import java.util.List;

/**
 * Allocates buffers to values while a program is planned, reusing freed ones. Buffers without task axis are never reused,
 * because values that are computed once per round are read by every batch.
 */
final class BufferAllocator {
    private final List<Buffer> all = new ArrayList<>();
    private final List<Buffer> free = new ArrayList<>();

    /** All buffers. */
    List<Buffer> all() {
        return List.copyOf(all);
    }

    /** Returns the smallest free buffer that is large enough; else the largest free one, enlarged; else a new one. */
    Buffer allocate(TaskAxis axis, Buffer.Kind kind, int size) {
        Buffer best = null;
        for (Buffer buffer : free) {
            if (buffer.kind() == kind && buffer.axis() == axis && (best == null || better(buffer, best, size))) {
                best = buffer;
            }
        }
        if (best == null) {
            best = new Buffer(axis, kind, size);
            all.add(best);
        }
        free.remove(best);
        best.growTo(size);
        return best;
    }

    private static boolean better(Buffer buffer, Buffer best, int size) {
        return best.size() < size ? buffer.size() > best.size() : buffer.size() >= size && buffer.size() < best.size();
    }

    /** Makes a buffer available to other values. */
    void free(Buffer buffer) {
        if (buffer.axis() == TaskAxis.TASKS && !free.contains(buffer)) {
            free.add(buffer);
        }
    }
}
