package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Values written down a second time in another layout, once for all who read them so: transposed matrices, framed images.
 * A copy stands as long as what it was copied from.
 *
 * @param <S> a step
 */
final class LayoutCopies<S> {
    private record Key(Value of, Object layout) {}

    private record Run(BufferSlice slice, int size) {}

    private final Planner<S> planner;
    private final FusionAnalysis fusion;
    private final int level;
    private final Map<Key, BufferSlice> known = new HashMap<>();
    private final Map<Value, List<Key>> keys = new HashMap<>();
    private final Map<Key, Run> runs = new HashMap<>();

    LayoutCopies(Planner<S> planner, FusionAnalysis fusion, int level) {
        this.planner = planner;
        this.fusion = fusion;
        this.level = level;
    }

    /**
     * The copy of a value in a layout.
     *
     * @param layout what tells it from other copies of the value
     * @param size numbers in it
     * @param writer makes the steps that write it to a place
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
                runs.put(key, new Run(slice, size));
                keys.computeIfAbsent(FusionAnalysis.Alias.of(value).root(), any -> new ArrayList<>())
                        .add(key);
            }
        }
        return slice;
    }

    /** Gives back the memory of the copies of a value that is no longer needed. */
    void release(Value root) {
        for (Key key : keys.getOrDefault(root, List.of())) {
            known.remove(key);
            Run run = runs.remove(key);
            if (run != null) {
                planner.arena(level).free(run.slice().offset(), run.size());
            }
        }
        keys.remove(root);
    }
}
