package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A cache of values copied to another layout, shared by all readers: transposed matrices, padded images, Cholesky factors. A copy lives as
 * long as its source.
 *
 * @param <S> the type of a step
 */
final class LayoutCopies<S> {
    private record Key(Value source, Object layout) {}

    private record Allocation(BufferSlice slice, int size) {}

    private final Planner<S> planner;
    private final FusionAnalysis fusion;
    private final int level;
    private final Map<Key, BufferSlice> known = new HashMap<>();
    private final Map<Value, List<Key>> keys = new HashMap<>();
    private final Map<Key, Allocation> allocations = new HashMap<>();

    LayoutCopies(Planner<S> planner, FusionAnalysis fusion, int level) {
        this.planner = planner;
        this.fusion = fusion;
        this.level = level;
    }

    /**
     * The copy of a value in a layout.
     *
     * @param layout distinguishes the copies of a value
     * @param size number of elements
     * @param writer creates the steps that write the copy to a slice
     */
    BufferSlice of(Value value, Object layout, int size, Function<BufferSlice, List<S>> writer) {
        Key key = new Key(value, layout);
        BufferSlice slice = known.get(key);
        if (slice == null) {
            int at = fusion.level(value);
            slice = new BufferSlice(ExecutionPlan.LEVELS + at, planner.arena(at).allocate(size));
            planner.list(at).addAll(writer.apply(slice));
            known.put(key, slice);
            if (at == level) {
                allocations.put(key, new Allocation(slice, size));
                keys.computeIfAbsent(FusionAnalysis.Alias.of(value).root(), any -> new ArrayList<>())
                        .add(key);
            }
        }
        return slice;
    }

    /** Frees the copies of a value that is no longer needed. */
    void release(Value root) {
        for (Key key : keys.getOrDefault(root, List.of())) {
            known.remove(key);
            Allocation allocation = allocations.remove(key);
            if (allocation != null) {
                planner.arena(level).free(allocation.slice().offset(), allocation.size());
            }
        }
        keys.remove(root);
    }
}
