package dev.kindling.driver.cluster.spark.metrics;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.jspecify.annotations.Nullable;

/**
 * The Spark plugin that shows a run in the driver's metrics and log; see {@code spark.plugins}. Spark makes it by its
 * name, with each context anew, and a JVM has one context at a time: so the gauges of the latest are the JVM's.
 */
public final class MetricsPlugin implements SparkPlugin {
    /** The setting that names the run which the log's lines about executors belong to; the application's name if left out. */
    public static final String RUN = "spark.kindling.run";

    private static volatile RoundGauges gauges = new RoundGauges();

    /** Made by Spark. */
    public MetricsPlugin() {}

    /** The gauges of this JVM's Spark context, or some that nobody sees where there is none. */
    public static RoundGauges gauges() {
        return gauges;
    }

    @Override
    public DriverPlugin driverPlugin() {
        return new OnDriver();
    }

    /** Executors have nothing to show. */
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
