package dev.kindling.job.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What values are computed from. */
public final class TopologicalOrder {
    private TopologicalOrder() {}

    /** The given values of one builder and everything that they are computed from, arguments before results. */
    public static List<Value> of(Collection<Value> wanted) {
        Set<Value> seen = new HashSet<>();
        List<Value> open = new ArrayList<>(wanted);
        while (!open.isEmpty()) {
            Value value = open.remove(open.size() - 1);
            if (seen.add(value)) {
                open.addAll(value.args());
            }
        }
        return seen.stream().sorted(Comparator.comparingInt(Value::id)).toList();
    }
}
