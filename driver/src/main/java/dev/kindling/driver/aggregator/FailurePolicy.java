package dev.kindling.driver.aggregator;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.protocol.FailedTask;
import java.util.List;
import java.util.Locale;

/**
 * What tasks that failed mean for their round.
 *
 * @param reaction {@code task.on-failure}
 * @param limit {@code task.failure-limit}: the share of a round, 0 to 1, that may be left out
 */
public record FailurePolicy(Reaction reaction, double limit) {
    /** What to do about the first failed task. */
    public enum Reaction {
        /** Leave it out of the mean, up to the limit. */
        SKIP,
        /** End the run. */
        FAIL;

        /** The reaction of the given name in lower case; IllegalArgumentException otherwise. */
        public static Reaction named(String name) {
            return switch (name) {
                case "skip" -> SKIP;
                case "fail" -> FAIL;
                default ->
                    throw new IllegalArgumentException("task.on-failure is " + name + "; it must be skip or fail");
            };
        }
    }

    public FailurePolicy {
        if (!(limit >= 0 && limit <= 1)) {
            throw new IllegalArgumentException(
                    "task.failure-limit is " + limit + "; it must lie between 0 and 1, a share of a round's tasks");
        }
    }

    /**
     * Lets the round pass.
     *
     * @param round 0-based
     * @param asked tasks the round began with
     * @param failed tasks that were left out, by index
     * @throws DivergedException if they are more than this policy allows, with the first one's name and reason
     */
    public void accept(long round, int asked, List<FailedTask> failed) {
        if (failed.isEmpty()) {
            return;
        }
        FailedTask first = failed.get(0);
        String which = "task " + first.index() + " of round " + round + " failed (" + first.reason() + ")";
        if (reaction == Reaction.FAIL) {
            throw new DivergedException(which + " and task.on-failure is fail");
        }
        if (failed.size() == asked || failed.size() > limit * asked) {
            throw new DivergedException(String.format(
                    Locale.ROOT,
                    "%s and %d more of %d; task.failure-limit %s allows %d of them to be left out",
                    which,
                    failed.size() - 1,
                    asked,
                    limit,
                    Math.min(asked - 1, (int) Math.floor(limit * asked))));
        }
    }
}
