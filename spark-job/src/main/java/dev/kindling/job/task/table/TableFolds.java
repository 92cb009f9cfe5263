package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.SourceDescription;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The division of a table's training and validation groups, taken together, into folds of equal size, one group more or less:
 * fold f consists of the groups that a permutation maps to f, f + count, f + 2 count, ... Each member of an ensemble is validated
 * on one fold and trained on all others.
 *
 * @param count of folds, at least 1; with 1, training and validation groups are taken together and none is held out
 * @param seed of the permutation
 */
public record TableFolds(int count, long seed) {
    private static final String COUNT = "table.folds";
    private static final String SEED = "table.fold-seed";
    private static final long PERMUTATION = 0x666f6c64;
    private static final int LEAST = 5;

    public TableFolds {
        SettingsCodec.atLeast(1, COUNT, count);
    }

    /** The folds of an ensemble: as many as it has members, and at least five, so that each member is trained on most groups. */
    public static TableFolds ofMembers(int members, long seed) {
        return new TableFolds(Math.max(members, LEAST), seed);
    }

    /** Training and validation groups taken together. */
    public static TableFolds joined() {
        return new TableFolds(1, 0);
    }

    /** A table source with these folds. */
    public SourceDescription of(SourceDescription table) {
        TreeMap<String, String> settings = new TreeMap<>(table.settings());
        settings.put(COUNT, Integer.toString(count));
        settings.put(SEED, Long.toString(seed));
        return new SourceDescription(table.source(), settings);
    }

    /** The folds that {@link #of} wrote; empty if there are none. */
    static Optional<TableFolds> from(SortedMap<String, String> settings) {
        return settings.containsKey(COUNT)
                ? Optional.of(new TableFolds(
                        SettingsCodec.integer(settings, COUNT), SettingsCodec.longInteger(settings, SEED)))
                : Optional.empty();
    }

    /** The fold of a group, the number of which is below {@code groups}. */
    int fold(int group, int groups) {
        return new GroupPermutation(RandomStream.seed(seed, PERMUTATION), groups).at(group) % count;
    }
}
