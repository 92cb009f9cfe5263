package dev.kindling.driver.run;

import dev.kindling.driver.training.TrainingListener;
import dev.kindling.driver.training.TrainingLoop;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * What a run needs of its caller, the command line or a program.
 *
 * @param clusters starts what its rounds run on
 * @param clock for timestamps of the lock and {@code status.json}
 * @param messages receives single-line messages for the user
 * @param progress opens what shows the rounds; closed when they end
 * @param results receives the evaluation at the end of a training
 */
public record RunContext(
        ClusterProvider clusters,
        InstantSource clock,
        Consumer<String> messages,
        ProgressDisplay progress,
        Consumer<TrainingLoop.Result> results) {
    /** Passes a single-line message to the user. */
    public void say(String message) {
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
         * Opens it.
         *
         * @param from rounds that are done already
         * @param rounds of the whole run
         */
        Shown open(long from, long rounds);
    }

    /** A listener that is closed after the last round. */
    public interface Shown extends TrainingListener, AutoCloseable {
        @Override
        void close();
    }
}
