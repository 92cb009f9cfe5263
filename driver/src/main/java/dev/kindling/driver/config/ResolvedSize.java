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
 * Computes an upper bound on the length of a configuration after its substitutions are replaced, without replacing
 * them: ten values of ten substitutions each, every value nested in the next, would give ten billion copies.
 *
 * <p>The unresolved tree is split into leaves; a leaf consists of the values that are merged at one path. The length of
 * a leaf is at most that of its text plus those of the leaves that its substitutions refer to. A substitution of a
 * leaf's own path refers to the value that is merged before, so each merged value multiplies the length of such a leaf
 * by the number of its references to that path. Where several leaves refer to each other, which is an error unless an
 * override hides it, the bound is computed from all leaves together.
 */
final class ResolvedSize {
    /** The most substitutions: resolving takes more than linear time in those that refer to their own key. */
    static final int MOST_SUBSTITUTIONS = 100;

    static final long LARGEST = 256 << 10;

    /** The largest bound, at which sums and products saturate; the sum or product of two such numbers fits a long. */
    private static final long HUGE = 1L << 30;

    private final List<Leaf> leaves = new ArrayList<>();
    private final Map<Leaf, Long> bounds = new HashMap<>();
    private final Set<Leaf> unfinished = new HashSet<>();
    private boolean cycle;

    /**
     * One of the values that are merged at a path.
     *
     * @param references the paths of its substitutions
     */
    private record Part(List<List<String>> references) {}

    /**
     * The values that are merged at one path.
     *
     * @param length characters of its path and its text
     */
    private record Leaf(List<String> path, long length, List<Part> parts) {
        long count(boolean own) {
            return parts.stream()
                    .flatMap(part -> part.references().stream())
                    .filter(reference -> !own || related(reference, path))
                    .count();
        }

        /**
         * The factor by which the length may grow where substitutions refer to values that are merged before.
         *
         * @param own whether only substitutions of the leaf's own path count
         */
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
     * @param name name of the configuration in error messages
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

    /** Whether a value is an object of known keys: the keys of objects that are still to be merged are unknown. */
    private static boolean isSection(ConfigValue value) {
        try {
            return value instanceof ConfigObject object && !object.keySet().isEmpty();
        } catch (ConfigException.NotResolved e) {
            return false;
        }
    }

    /** Parses the concise text of a value, in which values that are still to be merged are separated by commas. */
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

    /** Whether one path equals or contains the other, so that a value at one may come from the other. */
    private static boolean related(List<String> a, List<String> b) {
        int common = Math.min(a.size(), b.size());
        return a.subList(0, common).equals(b.subList(0, common));
    }
}
