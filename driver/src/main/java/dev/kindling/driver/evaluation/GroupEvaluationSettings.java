package dev.kindling.driver.evaluation;

import dev.kindling.job.task.IntRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The settings of an evaluation by group.
 *
 * @param supportRows the numbers of support rows, ascending; empty to choose them from the data. An empty list is no evaluation
 *     by group
 * @param baselines to compare with
 */
public record GroupEvaluationSettings(Optional<List<Integer>> supportRows, List<Baseline> baselines) {
    /** The key of the numbers of support rows. */
    public static final String SUPPORT_ROWS = "evaluation.support-rows";

    /** The key of the baselines. */
    public static final String BASELINES = "evaluation.baselines";

    /** The numbers that are chosen from. */
    private static final List<Integer> USUAL = List.of(0, 1, 2, 5, 10);

    private static final int MOST_NUMBERS = 16;
    private static final int MOST_ROWS = 1000;

    /** Simple methods that are fitted to the same training groups. */
    public enum Baseline {
        /** The mean of the training rows, or the frequencies of their classes. */
        MEAN,
        /** A ridge regression of each group alone on its support rows. */
        OWN_RIDGE,
        /** A linear mixed model with random slopes on all features; for two classes a logistic one. */
        MIXED_MODEL,
        /** The model's network, trained on all training rows without adaptation. */
        POOLED_NETWORK;

        /** The name in the configuration. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** The name in results. */
        public String title() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }

        /** All names, for messages. */
        public static String keys() {
            return Stream.of(values()).map(Baseline::key).collect(Collectors.joining(", "));
        }
    }

    public GroupEvaluationSettings {
        supportRows = supportRows.map(List::copyOf);
        baselines = List.copyOf(baselines);
        supportRows.ifPresent(GroupEvaluationSettings::check);
        if (baselines.stream().distinct().count() < baselines.size()) {
            throw new IllegalArgumentException(BASELINES + " is "
                    + baselines.stream().map(Baseline::key).toList() + "; it must not name one twice");
        }
    }

    private static void check(List<Integer> numbers) {
        boolean ascending = IntStream.range(1, numbers.size()).allMatch(i -> numbers.get(i - 1) < numbers.get(i));
        boolean inRange = numbers.stream().allMatch(number -> number >= 0 && number <= MOST_ROWS);
        if (!ascending || !inRange || numbers.size() > MOST_NUMBERS) {
            throw new IllegalArgumentException(SUPPORT_ROWS + " is " + numbers + "; it must be auto or at most "
                    + MOST_NUMBERS + " ascending integers from 0 to " + MOST_ROWS);
        }
    }

    /** Whether tasks of a table are evaluated by group. */
    public boolean isOn() {
        return supportRows.map(numbers -> !numbers.isEmpty()).orElse(true);
    }

    /**
     * The numbers of support rows. Where they are not set: those of 0, 1, 2, 5 and 10 that training tasks may have and that at
     * least half of the groups have with a row to spare; the largest such number if that is none of them.
     *
     * @param training the numbers of support rows of training tasks
     * @param sizes for a number of rows, the number of groups that have it; not empty
     */
    public List<Integer> supportRows(IntRange training, SortedMap<Integer, Integer> sizes) {
        if (supportRows.isPresent()) {
            return supportRows.get();
        }
        int most = Math.min(training.most(), medianSize(sizes) - 1);
        List<Integer> numbers = new ArrayList<>();
        USUAL.stream()
                .filter(number -> number >= training.least() && number <= most)
                .forEach(numbers::add);
        return numbers.isEmpty() ? List.of(most) : numbers;
    }

    /** The largest number of rows that at least half of the groups have. */
    private static int medianSize(SortedMap<Integer, Integer> sizes) {
        long all = sizes.values().stream().mapToLong(Integer::longValue).sum();
        long before = 0;
        for (Map.Entry<Integer, Integer> size : sizes.entrySet()) {
            before += size.getValue();
            if (2 * before > all) {
                return size.getKey();
            }
        }
        return sizes.lastKey();
    }
}
