package dev.kindling.driver.run;

import dev.kindling.driver.training.TrainingListener;
import dev.kindling.driver.training.TrainingLoop;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * The environment of a run, which its caller provides: the command line or a program.
 *
 * @param clusters starts the platform that runs the rounds
 * @param clock gives the timestamps of the lock and {@code status.json}
 * @param messages receives single-line messages for the user
 * @param progress opens a display of the rounds, which is closed after the last one
 * @param results receives the evaluation at the end of a training
 */
public record RunContext(
        ClusterProvider clusters,
        InstantSource clock,
        Consumer<String> messages,
        ProgressDisplay progress,
        Consumer<TrainingLoop.Result> results) {
    /** Passes a single-line message to the user. */
    public void message(String message) {
        messages.accept(message);
    }

    /** The same context with another provider of clusters. */
    public RunContext with(ClusterProvider others) {
        return new RunContext(others, clock, messages, progress, results);
    }

    /** Opens a listener that shows rounds while they run. */
    @FunctionalInterface
    public interface ProgressDisplay {
        /**
         * Opens the display.
         *
         * @param from the number of rounds already completed
         * @param rounds the number of rounds of the whole run
         */
        Shown open(long from, long rounds);
    }

    /** A listener that is closed after the last round. */
    public interface Shown extends TrainingListener, AutoCloseable {
        @Override
        void close();
    }
}
