package dev.kindling.driver.check;

import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import java.util.OptionalLong;

/**
 * The choice of the task to check.
 *
 * @param split that it is sampled from
 * @param round that it belongs to; if empty, a task of round 0 with the method at a representative round
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

    /** The task that many indices later in the same round. */
    public TaskChoice after(int tasks) {
        return new TaskChoice(split, round, index + tasks);
    }

    /** The spec of the task in a run with the given seed. */
    public TaskSpec spec(TaskSource source, long seed) {
        return new Sampler(source, seed, split)
                .range(round.orElse(0), index, index + 1)
                .get(0);
    }

    /**
     * The round at which the method is checked. By default half of the run, where a method that depends on the round is
     * neither at its beginning nor at its end, or the first round from which its claim holds, if that is later. If the run ends
     * before that round, the claim fails.
     */
    long methodRound(Algorithm algorithm, long rounds) {
        long middle = rounds / 2;
        long claimed = algorithm.exactFromRound();
        return round.orElse(claimed < rounds ? Math.max(middle, claimed) : middle);
    }
}
