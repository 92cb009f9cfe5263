package dev.kindling.driver.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An upper bound on the characters of a configuration whose substitutions are replaced, found without replacing them: ten
 * values of ten substitutions each, one in the next, would be ten billion copies.
 *
 * <p>The unresolved tree is cut into leaves, each the values that are merged at one path. A leaf is as long as its text
 * and the leaves that its substitutions name. A substitution of a leaf's own path means the value before, so such a leaf
 * grows at each merged value by the factor of how often that names it. Where several leaves name each other, which is an
 * error unless an override hides it, that bound is taken over all leaves.
 */
final class ResolvedSize {
    /** Substitutions in all: resolving takes longer than proportional time in those that name their own key. */
    static final int MOST_SUBSTITUTIONS = 100;

    static final long LARGEST = 128 << 10;

    /** Above this, bounds are not told apart; sums and products of two such numbers fit a long. */
    private static final long HUGE = 1L << 30;

    private final List<Leaf> leaves = new ArrayList<>();
    private final Map<Leaf, Long> bounds = new HashMap<>();
    private final Set<Leaf> unfinished = new HashSet<>();
    private boolean cycle;

    /** One of the values that are merged at a path: the paths that it names. */
    private record Part(List<List<String>> references) {}

    private record Leaf(List<String> path, long length, List<Part> parts) {
        long count(boolean own) {
            return parts.stream()
                    .flatMap(part -> part.references().stream())
                    .filter(reference -> !own || related(reference, path))
                    .count();
        }

        /** By how much it may grow where substitutions that count name what is merged before. */
        long growth(boolean own) {
            long growth = 1;
            for (Part part : parts) {
                long factor = part.references().stream()
                        .filter(reference -> !own || related(reference, path))
                        .count();
                growth = product(growth, Math.max(1, factor));
            }
            return count(own) == 0 ? 1 : product(growth, parts.size());
        }
    }

    private ResolvedSize(ConfigObject root) {
        collect(List.of(), root);
    }

    /**
     * Refuses a configuration that would be too large, or has too many substitutions, with IllegalArgumentException.
     *
     * @param name what errors call it
     */
    static void check(String name, ConfigObject unresolved) {
        ResolvedSize size = new ResolvedSize(unresolved);
        long substitutions =
                size.leaves.stream().mapToLong(leaf -> leaf.count(false)).sum();
        if (substitutions > MOST_SUBSTITUTIONS) {
            throw new IllegalArgumentException(
                    name + " has " + substitutions + " substitutions; it may have " + MOST_SUBSTITUTIONS);
        }
        if (size.bound() > LARGEST) {
            throw new IllegalArgumentException(name + " may be longer than " + LARGEST
                    + " characters once its substitutions are replaced; it may have " + LARGEST);
        }
    }

    private void collect(List<String> path, ConfigObject object) {
        for (String key : object.keySet()) {
            List<String> inner = new ArrayList<>(path);
            inner.add(key);
            ConfigValue value = object.get(key);
            if (isSection(value)) {
                collect(inner, (ConfigObject) value);
            } else {
                leaves.add(leaf(inner, value.render(ConfigRenderOptions.concise())));
            }
        }
    }

    /** Whether the keys of a value are known: those of objects that are still to be merged are not. */
    private static boolean isSection(ConfigValue value) {
        try {
            return value instanceof ConfigObject object && !object.keySet().isEmpty();
        } catch (ConfigException.NotResolved e) {
            return false;
        }
    }

    /** Reads the concise text of a value, in which values that are to be merged stand side by side with commas between. */
    private static Leaf leaf(List<String> path, String text) {
        List<Part> parts = new ArrayList<>();
        List<List<String>> references = new ArrayList<>();
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == '"') {
                i = endOfQuoted(text, i);
            } else if (text.startsWith("${", i)) {
                int end = i + 2;
                while (text.charAt(end) != '}') {
                    end = (text.charAt(end) == '"' ? endOfQuoted(text, end) : end) + 1;
                }
                references.add(ConfigUtil.splitPath(text.substring(i + 2, end).replaceFirst("^\\?", "")));
                i = end;
            } else if (character == '[' || character == '{') {
                depth++;
            } else if (character == ']' || character == '}') {
                depth--;
            } else if (character == ',' && depth == 0) {
                parts.add(new Part(List.copyOf(references)));
                references.clear();
            }
        }
        parts.add(new Part(List.copyOf(references)));
        int keys = path.stream().mapToInt(String::length).sum();
        return new Leaf(path, (long) keys + text.length(), parts);
    }

    private static int endOfQuoted(String text, int start) {
        int end = start + 1;
        while (text.charAt(end) != '"') {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        return end;
    }

    private long bound() {
        long sum = 0;
        for (Leaf leaf : leaves) {
            sum = Math.min(HUGE, sum + bound(leaf));
        }
        return cycle ? boundOfCycle() : sum;
    }

    private long bound(Leaf leaf) {
        Long known = bounds.get(leaf);
        if (known != null) {
            return known;
        }
        if (!unfinished.add(leaf)) {
            cycle = true;
            return 0;
        }
        long sum = leaf.length();
        for (Part part : leaf.parts()) {
            for (List<String> reference : part.references()) {
                if (!related(reference, leaf.path())) {
                    for (Leaf named : leaves) {
                        sum = related(reference, named.path()) ? Math.min(HUGE, sum + bound(named)) : sum;
                    }
                }
            }
        }
        unfinished.remove(leaf);
        long bound = product(sum, leaf.growth(true));
        bounds.put(leaf, bound);
        return bound;
    }

    private long boundOfCycle() {
        long length = 0;
        long growth = 1;
        for (Leaf leaf : leaves) {
            length = Math.min(HUGE, length + leaf.length());
            growth = product(growth, leaf.growth(false));
        }
        return product(length, growth);
    }

    private static long product(long a, long b) {
        return Math.min(HUGE, Math.min(HUGE, a) * Math.min(HUGE, b));
    }

    /** Whether one path is the other or lies above it: a value at the one may come from the other. */
    private static boolean related(List<String> a, List<String> b) {
        int common = Math.min(a.size(), b.size());
        return a.subList(0, common).equals(b.subList(0, common));
    }
}
