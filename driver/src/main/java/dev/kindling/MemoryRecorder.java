package dev.kindling;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.training.RunRecorder;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.driver.training.TrainingState;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Records a training that has no run folder: its model alone, in memory. */
final class MemoryRecorder implements RunRecorder {
    private final LongSupplier nanoTime;
    private final long begin;
    private @Nullable FlatVector theta;
    private long rounds;

    /**
     * A recorder of a training that begins now.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    MemoryRecorder(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
    }

    @Override
    public void done(TrainingListener.Round round, Optional<Validation> validation) {}

    @Override
    public <T> T excludeFromThroughput(Supplier<T> work) {
        return work.get();
    }

    @Override
    public double seconds() {
        return (nanoTime.getAsLong() - begin) / 1e9;
    }

    @Override
    public void checkpoint(TrainingState state) {}

    @Override
    public void model(FlatVector found, long made, Progress progress) {
        theta = found.copy();
        rounds = made;
    }

    @Override
    public void evaluation(Evaluation evaluation) {}

    /** θ of the model that was recorded last. */
    FlatVector theta() {
        if (theta == null) {
            throw new IllegalStateException("no model was recorded");
        }
        return theta;
    }

    /** How many rounds made it. */
    long rounds() {
        return rounds;
    }
}
