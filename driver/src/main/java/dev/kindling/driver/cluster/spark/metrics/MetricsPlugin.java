package dev.kindling.driver.cluster.spark.metrics;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.jspecify.annotations.Nullable;

/**
 * The Spark plugin that registers a run's gauges and executor listener on the driver; see {@code spark.plugins}. Spark creates
 * it by its name with each context. A JVM has one context at a time, so the gauges of the latest context are the JVM's.
 */
public final class MetricsPlugin implements SparkPlugin {
    /** The Spark setting with the run's name, for log lines about executors; default: the application's name. */
    public static final String RUN = "spark.kindling.run";

    private static volatile RoundGauges gauges = new RoundGauges();

    /** Called by Spark. */
    public MetricsPlugin() {}

    /** The gauges of this JVM's Spark context; without a context, gauges that are not published. */
    public static RoundGauges gauges() {
        return gauges;
    }

    @Override
    public DriverPlugin driverPlugin() {
        return new OnDriver();
    }

    /** There are no metrics of executors. */
    @Override
    public @Nullable ExecutorPlugin executorPlugin() {
        return null;
    }

    private static final class OnDriver implements DriverPlugin {
        @Override
        public Map<String, String> init(SparkContext context, PluginContext plugin) {
            RoundGauges shown = new RoundGauges();
            ExecutorListener executors =
                    new ExecutorListener(plugin.conf().get(RUN, plugin.conf().get("spark.app.name")), shown);
            context.addSparkListener(executors);
            shown.publish(plugin.metricRegistry(), executors::executors);
            gauges = shown;
            return Map.of();
        }

        @Override
        public void shutdown() {
            gauges = new RoundGauges();
        }
    }
}
