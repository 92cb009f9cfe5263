package dev.kindling.driver.optimizer;

/**
 * A schedule of the learning rate: a pure function of the round, the same on every machine. Rounds count from 0, so the last
 * of R rounds is R - 1 and {@code to} would be reached in round R.
 */
public sealed interface Schedule {
    /**
     * The value in one round.
     *
     * @param round 0-based
     * @param rounds {@code run.rounds}, at least 1
     */
    double at(long round, long rounds);

    /** Whether the value in a round depends on the number of rounds of the run. */
    default boolean dependsOnRounds() {
        return false;
    }

    /** A constant. */
    record Constant(double value) implements Schedule {
        public Constant {
            requireRate("the rate", value);
        }

        @Override
        public double at(long round, long rounds) {
            return value;
        }
    }

    /** Linear from {@code from} in round 0 to {@code to} after the last round. */
    record Linear(double from, double to) implements Schedule {
        public Linear {
            requireRate("from of a linear schedule", from);
            requireRate("to of a linear schedule", to);
        }

        @Override
        public boolean dependsOnRounds() {
            return true;
        }

        @Override
        public double at(long round, long rounds) {
            double done = done(round, rounds);
            return (1 - done) * from + done * to;
        }
    }

    /** Cosine annealing from {@code from} in round 0 to {@code to} after the last round (Loshchilov and Hutter 2017, eq. 5). */
    record Cosine(double from, double to) implements Schedule {
        public Cosine {
            requireRate("from of a cosine schedule", from);
            requireRate("to of a cosine schedule", to);
        }

        @Override
        public boolean dependsOnRounds() {
            return true;
        }

        @Override
        public double at(long round, long rounds) {
            return to + (from - to) * (1 + StrictMath.cos(StrictMath.PI * done(round, rounds))) / 2;
        }
    }

    /** {@code from}, multiplied by {@code factor} after every {@code every} rounds. */
    record Step(double from, double factor, long every) implements Schedule {
        public Step {
            requireRate("from of a step schedule", from);
            requireRate("factor of a step schedule", factor);
            requireRounds("every of a step schedule", every);
        }

        @Override
        public double at(long round, long rounds) {
            return from * StrictMath.pow(factor, (double) Math.floorDiv(round, every));
        }
    }

    /**
     * Linear warm-up from {@code from} in round 0 to the value of {@code then} in round {@code length}, and {@code then} from
     * that round on.
     */
    record WarmUp(double from, long length, Schedule then) implements Schedule {
        public WarmUp {
            requireRate("from of a warm-up schedule", from);
            requireRounds("rounds of a warm-up schedule", length);
        }

        @Override
        public boolean dependsOnRounds() {
            return then.dependsOnRounds();
        }

        @Override
        public double at(long round, long rounds) {
            if (round >= length) {
                return then.at(round, rounds);
            }
            double done = (double) round / length;
            return (1 - done) * from + done * then.at(length, rounds);
        }
    }

    private static double done(long round, long rounds) {
        return Math.min(1, (double) round / rounds);
    }

    private static void requireRate(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be a finite number, 0 or above");
        }
    }

    private static void requireRounds(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least 1");
        }
    }
}
