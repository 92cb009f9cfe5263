package dev.kindling.job.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Collects the transitive arguments of values in topological order. */
public final class TopologicalOrder {
    private TopologicalOrder() {}

    /** The given values of one builder and all their transitive arguments, arguments before results. */
    public static List<Value> of(Collection<Value> roots) {
        Set<Value> seen = new HashSet<>();
        List<Value> open = new ArrayList<>(roots);
        while (!open.isEmpty()) {
            Value value = open.remove(open.size() - 1);
            if (seen.add(value)) {
                open.addAll(value.args());
            }
        }
        return seen.stream().sorted(Comparator.comparingInt(Value::id)).toList();
    }
}
