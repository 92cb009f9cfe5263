package dev.kindling.driver.aggregator;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.protocol.FailedTask;
import java.util.List;
import java.util.Locale;

/**
 * Decides whether a round with failed tasks is accepted.
 *
 * @param reaction {@code task.on-failure}
 * @param limit {@code task.failure-limit}: the share of a round, 0 to 1, that may be left out
 */
public record FailurePolicy(Reaction reaction, double limit) {
    /** The reaction to failed tasks. */
    public enum Reaction {
        /** Leave them out of the mean, up to the limit. */
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
     * Accepts a round, or throws.
     *
     * @param round 0-based
     * @param requested number of tasks of the round
     * @param failed tasks that were left out, by index
     * @throws DivergedException if more have failed than this policy allows, naming the first one and its reason
     */
    public void accept(long round, int requested, List<FailedTask> failed) {
        if (failed.isEmpty()) {
            return;
        }
        FailedTask first = failed.get(0);
        String which = "task " + first.index() + " of round " + round + " failed (" + first.reason() + ")";
        if (reaction == Reaction.FAIL) {
            throw new DivergedException(which + " and task.on-failure is fail");
        }
        if (failed.size() == requested || failed.size() > limit * requested) {
            throw new DivergedException(String.format(
                    Locale.ROOT,
                    "%s and %d more of %d; task.failure-limit %s allows %d of them to be left out",
                    which,
                    failed.size() - 1,
                    requested,
                    limit,
                    Math.min(requested - 1, (int) Math.floor(limit * requested))));
        }
    }
}
