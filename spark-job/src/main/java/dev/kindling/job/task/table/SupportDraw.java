package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.SettingsCodec;

/** How a task draws the number of support rows from {@code task.support} or {@code evaluation.support}. */
public enum SupportDraw {
    /** The largest possible number with probability one half, otherwise uniform. */
    MIX,
    /** Uniform over the possible numbers. */
    UNIFORM,
    /** The largest possible number. */
    MOST;

    static final String KEY = "table.support-draw";

    /** The constant for the text of {@code table.support-draw}. */
    public static SupportDraw parse(String text) {
        return SettingsCodec.choice(SupportDraw.class, KEY, text);
    }

    /** The numbers of support rows that a group allows: one row at least remains for the query set. */
    static IntRange possible(IntRange support, int rows) {
        return new IntRange(support.least(), Math.min(support.most(), rows - 1));
    }

    /** Draws a number for a group of {@code rows} rows. */
    int draw(RandomStream stream, IntRange support, int rows) {
        IntRange possible = possible(support, rows);
        return switch (this) {
            case MOST -> possible.most();
            case UNIFORM -> possible.draw(stream);
            case MIX -> stream.nextInt(2) == 0 ? possible.most() : possible.draw(stream);
        };
    }

    /** The probability of one possible number. */
    double probability(int number, IntRange possible) {
        double largest = number == possible.most() ? 1 : 0;
        double uniform = 1.0 / possible.values();
        return switch (this) {
            case MOST -> largest;
            case UNIFORM -> uniform;
            case MIX -> (largest + uniform) / 2;
        };
    }
}
