package dev.kindling.job.task.table;

import dev.kindling.job.task.SettingsCodec;

/** How a training task draws its group. */
public enum GroupDraw {
    /** Each group with the same probability. */
    GROUPS,
    /**
     * A group and a number of support rows with a probability proportional to the rows that remain for queries, up to eight
     * times {@code task.query}: then each row counts the same in the training loss, as in an error over the rows of all groups.
     */
    ROWS;

    static final String KEY = "table.draw";

    /** The largest weight of a group, in query sets. */
    private static final long MOST_QUERY_SETS = 8;

    /** The constant for the text of {@code table.draw}. */
    public static GroupDraw parse(String text) {
        return SettingsCodec.choice(GroupDraw.class, KEY, text);
    }

    /**
     * The weight of a group with a number of support rows.
     *
     * @param remaining rows that are not in the support set
     * @param query {@code task.query}
     */
    double weight(int remaining, int query) {
        return this == GROUPS ? 1 : Math.min(remaining, MOST_QUERY_SETS * query);
    }
}
