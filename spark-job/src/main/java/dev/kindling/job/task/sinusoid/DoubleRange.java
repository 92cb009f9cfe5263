package dev.kindling.job.task.sinusoid;

/** A closed interval of finite numbers from which tasks draw uniformly; equal ends make a constant. */
public record DoubleRange(double low, double high) {
    /** This range; IllegalArgumentException naming the key if an end is not finite or {@code low} is above {@code high}. */
    DoubleRange checked(String key) {
        if (!Double.isFinite(low) || !Double.isFinite(high) || low > high) {
            throw new IllegalArgumentException(
                    key + " is " + this + "; it must be [a, b] with finite numbers a and b, a not above b");
        }
        return this;
    }

    double width() {
        return high - low;
    }

    /** As in {@code [0.1, 5.0]}; {@link #parse} reads it back exactly. */
    @Override
    public String toString() {
        return "[" + low + ", " + high + "]";
    }

    static DoubleRange parse(String key, String text) {
        String[] ends = text.trim().replaceAll("^\\[|\\]$", "").split(",", -1);
        if (ends.length == 2) {
            try {
                return new DoubleRange(Double.parseDouble(ends[0].trim()), Double.parseDouble(ends[1].trim()));
            } catch (NumberFormatException e) {
                throw unreadable(key, text);
            }
        }
        throw unreadable(key, text);
    }

    private static IllegalArgumentException unreadable(String key, String text) {
        return new IllegalArgumentException(key + " is " + text + "; it must be [a, b] with two numbers");
    }
}
