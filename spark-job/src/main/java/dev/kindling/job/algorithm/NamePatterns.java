package dev.kindling.job.algorithm;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Patterns of parameter names, in which {@code *} matches any text.
 *
 * @param key of the setting
 * @param patterns at least one
 */
public record NamePatterns(String key, List<String> patterns) {
    private static final String HEAD = "head";

    /** Throws IllegalArgumentException if there is no pattern. */
    public NamePatterns {
        patterns = List.copyOf(patterns);
        if (patterns.isEmpty()) {
            throw new IllegalArgumentException(key + " is empty; it must have a name or a pattern such as 12_*");
        }
    }

    /** Whether {@code head}, which stands for the output layer, is the only pattern. */
    boolean isHead() {
        return patterns.equals(List.of(HEAD));
    }

    /**
     * The names that match a pattern, in their own order; those of the output layer if {@code head} is the only pattern.
     *
     * @param names of parameters
     * @param head the names of the output layer's parameters
     * @throws IllegalArgumentException if a pattern matches none
     */
    List<String> matching(List<String> names, List<String> head) {
        return isHead() ? names.stream().filter(head::contains).toList() : matching(names);
    }

    /**
     * The names that match a pattern, in their own order.
     *
     * @throws IllegalArgumentException if a pattern matches none
     */
    public List<String> matching(List<String> names) {
        for (String pattern : patterns) {
            if (names.stream().noneMatch(compiled(pattern).asMatchPredicate())) {
                throw new IllegalArgumentException(
                        key + " has " + pattern + ", which fits none of the parameters " + String.join(", ", names));
            }
        }
        return names.stream()
                .filter(name -> patterns.stream()
                        .anyMatch(pattern -> compiled(pattern).matcher(name).matches()))
                .toList();
    }

    private static Pattern compiled(String pattern) {
        return Pattern.compile(Pattern.compile("*", Pattern.LITERAL)
                .splitAsStream(pattern + " ")
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"))
                .replace(" \\E", "\\E"));
    }
}
