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
final class Copies<S> {
    private record Key(Value of, Object layout) {}

    private record Run(Place place, int size) {}

    private final Planner<S> planner;
    private final Lowering lowering;
    private final int level;
    private final Map<Key, Place> known = new HashMap<>();
    private final Map<Value, List<Key>> keys = new HashMap<>();
    private final Map<Key, Run> runs = new HashMap<>();

    Copies(Planner<S> planner, Lowering lowering, int level) {
        this.planner = planner;
        this.lowering = lowering;
        this.level = level;
    }

    /**
     * The copy of a value in a layout.
     *
     * @param layout what tells it from other copies of the value
     * @param size numbers in it
     * @param writer makes the steps that write it to a place
     */
    Place of(Value value, Object layout, int size, Function<Place, List<S>> writer) {
        Key key = new Key(value, layout);
        Place place = known.get(key);
        if (place == null) {
            int at = lowering.level(value);
            place = new Place(Plan.LEVELS + at, planner.arena(at).allocate(size));
            planner.list(at).addAll(writer.apply(place));
            known.put(key, place);
            if (at == level) {
                runs.put(key, new Run(place, size));
                keys.computeIfAbsent(Lowering.Alias.of(value).root(), any -> new ArrayList<>())
                        .add(key);
            }
        }
        return place;
    }

    /** Gives back the memory of the copies of a value that is no longer needed. */
    void release(Value root) {
        for (Key key : keys.getOrDefault(root, List.of())) {
            known.remove(key);
            Run run = runs.remove(key);
            if (run != null) {
                planner.arena(level).free(run.place().offset(), run.size());
            }
        }
        keys.remove(root);
    }
}
