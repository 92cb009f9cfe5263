package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A count, or a range from which each task draws its own.
 *
 * @param least the lowest count that a task may draw
 * @param most the highest, the same where all tasks are alike
 */
public record IntRange(int least, int most) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})|\\[(\\d{1,9}), (\\d{1,9})]");

    /** Refuses a range whose ends are the wrong way round with IllegalArgumentException. */
    public IntRange {
        if (least > most) {
            throw new IllegalArgumentException(
                    "the range [" + least + ", " + most + "] is empty; its first number must not be above its second");
        }
    }

    /** The same count for all tasks. */
    public static IntRange of(int count) {
        return new IntRange(count, count);
    }

    /** Whether tasks may differ. */
    public boolean varies() {
        return least < most;
    }

    /** How many different counts tasks may draw. */
    public int values() {
        return most - least + 1;
    }

    /** The count of one task; reads the stream only where counts vary. */
    public int draw(RandomStream stream) {
        return varies() ? least + stream.nextInt(most - least + 1) : least;
    }

    /** The count, or {@code [least, most]}: what {@link #parse} reads. */
    @Override
    public String toString() {
        return varies() ? "[" + least + ", " + most + "]" : Integer.toString(least);
    }

    /** The counts that {@link #toString} wrote; IllegalArgumentException with the key if they are none. */
    static IntRange parse(String key, String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    key + " is " + text + "; it must be a whole number or a range [least, most]");
        }
        return matcher.group(1) != null
                ? of(Integer.parseInt(matcher.group(1)))
                : new IntRange(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)));
    }
}
