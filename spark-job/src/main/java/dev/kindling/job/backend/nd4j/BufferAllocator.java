package dev.kindling.job.backend.nd4j;

import java.util.ArrayList;
import java.util.List;

/**
 * Hands out slots while a program is planned, those given back first. Slots without an axis of tasks are never given out
 * twice: what is computed once per vector is read by every task that comes.
 */
final class BufferAllocator {
    private final List<Buffer> all = new ArrayList<>();
    private final List<Buffer> free = new ArrayList<>();

    /** Every slot that was handed out. */
    List<Buffer> all() {
        return List.copyOf(all);
    }

    /** The smallest free slot that is large enough; else the largest, enlarged; else a new one. */
    Buffer take(TaskAxis axis, Buffer.Kind kind, int size) {
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

    void giveBack(Buffer buffer) {
        if (buffer.axis() == TaskAxis.TASKS && !free.contains(buffer)) {
            free.add(buffer);
        }
    }
}
