package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An inclusive range of integers from which each task draws a number; a range of one number is a constant.
 *
 * @param least the lowest number of the range
 * @param most the highest number of the range
 */
public record IntRange(int least, int most) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})|\\[(\\d{1,9}), (\\d{1,9})]");

    /** Validates the range; IllegalArgumentException if {@code least} is above {@code most}. */
    public IntRange {
        if (least > most) {
            throw new IllegalArgumentException(
                    "the range [" + least + ", " + most + "] is empty; its first number must not be above its second");
        }
    }

    /** The range of one number. */
    public static IntRange of(int number) {
        return new IntRange(number, number);
    }

    /** Whether the range has more than one number. */
    public boolean varies() {
        return least < most;
    }

    /** The number of integers in the range. */
    public int values() {
        return most - least + 1;
    }

    /** Draws a number uniformly; a constant draws nothing from the stream. */
    public int draw(RandomStream stream) {
        return varies() ? least + stream.nextInt(values()) : least;
    }

    /** The number, or {@code [least, most]}; the text that {@link #parse} reads. */
    @Override
    public String toString() {
        return varies() ? "[" + least + ", " + most + "]" : Integer.toString(least);
    }

    /** Parses the text of {@link #toString}; IllegalArgumentException naming the key if it is not one. */
    static IntRange parse(String key, String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    key + " is " + text + "; it must be an integer or a range [least, most]");
        }
        return matcher.group(1) != null
                ? of(Integer.parseInt(matcher.group(1)))
                : new IntRange(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)));
    }
}
