package dev.kindling.driver.training;

/**
 * The settings of checkpoints. A run always writes one at its end and when it is stopped early.
 *
 * @param every {@code run.checkpoint-every}: rounds between two checkpoints; 0 for none during the run
 * @param keep {@code run.checkpoint-keep}: number of latest checkpoints to retain, at least 1
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
