package dev.kindling.driver.training;

/**
 * When a run writes checkpoints; it writes one at its end and where it is stopped in any case.
 *
 * @param every rounds between two; 0 for none on the way
 * @param keep how many of the last ones are kept, at least 1
 */
public record CheckpointSettings(long every, int keep) {
    public CheckpointSettings {
        if (every < 0) {
            throw new IllegalArgumentException("run.checkpoint-every is " + every + "; it must be at least 0");
        }
        if (keep < 1) {
            throw new IllegalArgumentException("run.checkpoint-keep is " + keep + "; it must be at least 1");
        }
    }

    boolean isDueAfter(long rounds) {
        return every > 0 && rounds % every == 0;
    }
}
