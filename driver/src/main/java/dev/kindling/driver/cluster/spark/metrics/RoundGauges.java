package dev.kindling.driver.cluster.spark.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.OptionalDouble;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gauges and counters of a run's progress for Spark's metrics system, under the names that {@code metrics.jsonl} uses.
 * Updated by the driver after each round; invisible until a registry is published to. Thread-safe.
 */
public final class RoundGauges {
    // The names that follow the plugin's name in a sink.
    static final String ROUND = "round";
    static final String QUERY_LOSS = "query_loss";
    static final String QUERY_ACCURACY = "query_accuracy";
    static final String META_GRADIENT_NORM = "meta_gradient_norm";
    static final String TASKS = "tasks";
    static final String TASKS_PER_SECOND = "tasks_per_second";
    static final String FAILED_TASKS = "failed_tasks";
    static final String WORKERS = "workers";

    /**
     * The values of a finished round.
     *
     * @param round number of rounds done, this one included
     * @param queryLoss mean over the round's tasks, after adaptation
     * @param queryAccuracy a fraction, mean over the round's tasks; empty for regression
     * @param metaGradientNorm L2 norm before clipping
     * @param tasks number of tasks that contributed
     * @param failedTasks number of tasks that were left out
     */
    public record Reading(
            long round,
            double queryLoss,
            OptionalDouble queryAccuracy,
            double metaGradientNorm,
            int tasks,
            int failedTasks) {}

    private static final Reading NO_ROUND = new Reading(0, Double.NaN, OptionalDouble.empty(), Double.NaN, 0, 0);

    private final Counter tasks = new Counter();
    private final Counter failed = new Counter();
    private final ThroughputMeter meter;
    private volatile Reading latest = NO_ROUND;
    private volatile @Nullable MetricRegistry registry;

    /** Gauges that are not registered yet. */
    public RoundGauges() {
        this(System::nanoTime);
    }

    RoundGauges(LongSupplier nanoTime) {
        this.meter = new ThroughputMeter(nanoTime);
    }

    /**
     * Registers all gauges and counters; {@code query_accuracy} is registered with the first round that has one.
     *
     * @param target the registry that Spark's sinks read
     * @param workers current number of workers
     */
    void publish(MetricRegistry target, IntSupplier workers) {
        target.register(ROUND, (Gauge<Long>) () -> latest.round());
        target.register(QUERY_LOSS, (Gauge<Double>) () -> latest.queryLoss());
        target.register(META_GRADIENT_NORM, (Gauge<Double>) () -> latest.metaGradientNorm());
        target.register(TASKS_PER_SECOND, (Gauge<Double>) meter::perSecond);
        target.register(WORKERS, (Gauge<Integer>) workers::getAsInt);
        target.register(TASKS, tasks);
        target.register(FAILED_TASKS, failed);
        registry = target;
    }

    /** Updates the gauges after a round. */
    public void done(Reading reading) {
        latest = reading;
        tasks.inc(reading.tasks());
        failed.inc(reading.failedTasks());
        meter.count((long) reading.tasks() + reading.failedTasks());
        MetricRegistry target = registry;
        if (reading.queryAccuracy().isPresent() && target != null) {
            target.gauge(QUERY_ACCURACY, () -> () -> latest.queryAccuracy().orElse(Double.NaN));
        }
    }

    /** The number of rounds done. */
    long round() {
        return latest.round();
    }
}
