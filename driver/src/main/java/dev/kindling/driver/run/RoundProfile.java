package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.training.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Measures the mean time by phase of a round, for {@code train --profile}. Time outside rounds counts as "between
 * rounds". The first round after a start is not counted.
 */
public final class RoundProfile {
    private final LongSupplier nanoTime;
    private RoundTimings times = RoundTimings.NONE;
    private long rounds;
    private long begin;
    private long end;

    /**
     * Creates an empty profile.
     *
     * @param nanoTime a clock in nanoseconds, such as {@link System#nanoTime}
     */
    public RoundProfile(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Returns a listener that records rounds, then calls the next one. Measuring starts at the end of the first round.
     */
    public TrainingListener before(TrainingListener next) {
        return new TrainingListener() {
            @Override
            public void done(Round round) {
                count(round.times());
                next.done(round);
            }

            @Override
            public void validated(Validation validation) {
                next.validated(validation);
            }
        };
    }

    private void count(RoundTimings split) {
        end = nanoTime.getAsLong();
        if (begin == 0) {
            // The first round waits for executors and compiles programs; it is not representative.
            begin = end;
        } else {
            rounds++;
            times = times.plus(split);
        }
    }

    /** The profile as a text table in milliseconds per round; empty if there were fewer than two rounds. */
    public List<String> lines() {
        if (rounds == 0) {
            return List.of();
        }
        long wall = end - begin;
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT, "time by phase (mean of %d rounds, without the first after this start):", rounds));
        long known = 0;
        for (var part : times.parts().entrySet()) {
            lines.add(line(part.getKey(), part.getValue(), wall));
            known += part.getValue();
        }
        lines.add(line("between rounds", Math.max(0, wall - known), wall));
        lines.add(line("total", wall, wall));
        return lines;
    }

    private String line(String part, long nanos, long wall) {
        return String.format(
                Locale.ROOT, "  %-16s %10.4f ms %5.1f%%", part, nanos / (1e6 * rounds), 100.0 * nanos / wall);
    }
}
