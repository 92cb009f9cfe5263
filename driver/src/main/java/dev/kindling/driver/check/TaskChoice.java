package dev.kindling.driver.check;

import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import java.util.OptionalLong;

/**
 * Which task is looked at.
 *
 * @param split what the task is for: which split it comes from
 * @param round that it belongs to; left out, a task of round 0 in the round that tells most of the method
 * @param index in its round
 */
public record TaskChoice(Split split, OptionalLong round, int index) {
    /** The first training task of a run. */
    public static final TaskChoice FIRST = new TaskChoice(Split.TRAIN, OptionalLong.empty(), 0);

    public TaskChoice {
        if (index < 0) {
            throw new IllegalArgumentException("--task is " + index + "; it must be at least 0");
        }
        if (round.isPresent() && round.getAsLong() < 0) {
            throw new IllegalArgumentException("--round is " + round.getAsLong() + "; it must be at least 0");
        }
    }

    /** The task that comes so many after this one in its round. */
    public TaskChoice after(int tasks) {
        return new TaskChoice(split, round, index + tasks);
    }

    /** The description of the task in a run of the given seed. */
    public TaskSpec spec(TaskSource source, long seed) {
        return new Sampler(source, seed, split)
                .range(round.orElse(0), index, index + 1)
                .get(0);
    }

    /**
     * The round in which the method is looked at. Where none is chosen: half way, where a method that differs by the round is
     * neither at its beginning nor at its end; later if it does what it claims only then. Where the run is over before, the
     * claim fails.
     */
    long methodRound(Algorithm algorithm, long rounds) {
        long halfWay = rounds / 2;
        long claimed = algorithm.exactFromRound();
        return round.orElse(claimed < rounds ? Math.max(halfWay, claimed) : halfWay);
    }
}
