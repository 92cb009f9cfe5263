package dev.kindling.driver.cluster.spark.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.OptionalDouble;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The gauges of a run's progress, which Spark's metrics system reads for its sinks. Set on the driver; not visible until they
 * are published in a registry. Thread-safe.
 */
public final class RoundGauges {
    /** Names of the gauges, which follow the plugin's name in a sink. */
    static final String ROUND = "round";

    static final String LOSS = "loss";
    static final String ACCURACY = "accuracy";
    static final String META_GRADIENT_NORM = "meta_gradient_norm";
    static final String TASKS = "tasks";
    static final String TASKS_PER_SECOND = "tasks_per_second";
    static final String FAILED_TASKS = "failed_tasks";
    static final String WORKERS = "workers";

    /**
     * The values of a completed round.
     *
     * @param round number of completed rounds, from 1 on
     * @param loss the query loss, mean over the round's tasks
     * @param accuracy a fraction, mean over the round's tasks; empty for regression
     * @param metaGradientNorm before clipping
     * @param tasks that were added
     * @param failedTasks that were left out
     */
    public record Reading(
            long round, double loss, OptionalDouble accuracy, double metaGradientNorm, int tasks, int failedTasks) {}

    private static final Reading NOTHING = new Reading(0, Double.NaN, OptionalDouble.empty(), Double.NaN, 0, 0);

    private final Counter tasks = new Counter();
    private final Counter failed = new Counter();
    private final ThroughputMeter meter;
    private volatile Reading latest = NOTHING;
    private volatile @Nullable MetricRegistry registry;

    /** Gauges that are not published. */
    public RoundGauges() {
        this(System::nanoTime);
    }

    RoundGauges(LongSupplier nanoTime) {
        this.meter = new ThroughputMeter(nanoTime);
    }

    /** Registers the gauges; that of the accuracy once there is one. */
    void publish(MetricRegistry shown, IntSupplier workers) {
        shown.register(ROUND, (Gauge<Long>) () -> latest.round());
        shown.register(LOSS, (Gauge<Double>) () -> latest.loss());
        shown.register(META_GRADIENT_NORM, (Gauge<Double>) () -> latest.metaGradientNorm());
        shown.register(TASKS_PER_SECOND, (Gauge<Double>) meter::perSecond);
        shown.register(WORKERS, (Gauge<Integer>) workers::getAsInt);
        shown.register(TASKS, tasks);
        shown.register(FAILED_TASKS, failed);
        registry = shown;
    }

    /** Sets the values of a completed round. */
    public void done(Reading reading) {
        latest = reading;
        tasks.inc(reading.tasks());
        failed.inc(reading.failedTasks());
        meter.count((long) reading.tasks() + reading.failedTasks());
        MetricRegistry shown = registry;
        if (reading.accuracy().isPresent() && shown != null) {
            shown.gauge(ACCURACY, () -> () -> latest.accuracy().orElse(Double.NaN));
        }
    }

    /** Number of completed rounds. */
    long round() {
        return latest.round();
    }
}
