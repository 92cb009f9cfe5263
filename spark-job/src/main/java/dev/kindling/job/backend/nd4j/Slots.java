package dev.kindling.job.backend.nd4j;

import java.util.ArrayList;
import java.util.List;

/**
 * Hands out slots while a program is planned, those given back first. Slots without an axis of tasks are never given out
 * twice: what is computed once per vector is read by every task that comes.
 */
final class Slots {
    private final List<Slot> all = new ArrayList<>();
    private final List<Slot> free = new ArrayList<>();

    /** Every slot that was handed out. */
    List<Slot> all() {
        return List.copyOf(all);
    }

    /** The smallest free slot that is large enough; else the largest, enlarged; else a new one. */
    Slot take(Axis axis, Slot.Kind kind, int size) {
        Slot best = null;
        for (Slot slot : free) {
            if (slot.kind() == kind && slot.axis() == axis && (best == null || better(slot, best, size))) {
                best = slot;
            }
        }
        if (best == null) {
            best = new Slot(axis, kind, size);
            all.add(best);
        }
        free.remove(best);
        best.growTo(size);
        return best;
    }

    private static boolean better(Slot slot, Slot best, int size) {
        return best.size() < size ? slot.size() > best.size() : slot.size() >= size && slot.size() < best.size();
    }

    void giveBack(Slot slot) {
        if (slot.axis() == Axis.TASKS && !free.contains(slot)) {
            free.add(slot);
        }
    }
}
