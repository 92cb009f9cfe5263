package dev.kindling.job.protocol;

/** A task that was left out of a sum, with the reason in one clause. */
public record FailedTask(long round, int index, String reason) {
    /** As logs name it: {@code task 3 of round 17: query_loss is NaN}. */
    @Override
    public String toString() {
        return "task " + index + " of round " + round + ": " + reason;
    }
}
