package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.NoiseProvider;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.spark.metrics.MetricsPlugin;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The metrics of a run, read through Spark's pages. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MetricsPluginTest {
    private static final String PROMETHEUS = "org.apache.spark.metrics.sink.PrometheusServlet";
    private static final String PREFIX =
            "metrics_nightly_driver_plugin_dev_kindling_driver_cluster_spark_metrics_MetricsPlugin_";

    private final HttpClient client = HttpClient.newHttpClient();
    private SparkApplication spark;

    @BeforeEach
    void start() {
        System.setProperty("spark.ui.enabled", "true");
        System.setProperty("spark.ui.port", "0");
        System.setProperty("spark.metrics.namespace", "nightly");
        System.setProperty("spark.metrics.conf.*.sink.prometheusServlet.class", PROMETHEUS);
        System.setProperty("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus");
        System.setProperty("spark.plugins", AnotherPlugin.class.getName());
        spark = SparkApplication.start("sinusoid-7", Optional.of("local[2]"));
    }

    @AfterEach
    void stop() {
        spark.close();
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("spark."))
                .forEach(System::clearProperty);
    }

    @Test
    void prometheusReadsTheRunThroughSparksOwnSink() throws IOException, InterruptedException {
        assertThat(value("round_Value")).hasValue(0);
        assertThat(value("accuracy_Value")).isEmpty();
        spark.gauges().done(new RoundGauges.Reading(41, 0.75, OptionalDouble.of(0.5), 3.25, 23, 2));
        spark.gauges().done(new RoundGauges.Reading(42, 0.5, OptionalDouble.of(0.625), 1.5, 25, 0));
        assertThat(value("round_Value")).hasValue(42);
        assertThat(value("loss_Value")).hasValue(0.5);
        assertThat(value("accuracy_Value")).hasValue(0.625);
        assertThat(value("meta_gradient_norm_Value")).hasValue(1.5);
        assertThat(value("tasks_Count")).hasValue(48);
        assertThat(value("failed_tasks_Count")).hasValue(2);
        assertThat(value("tasks_per_second_Value").orElse(0)).isPositive();
        assertThat(value("workers_Value")).hasValue(1);
    }

    @Test
    void theJsonSinkHasTheSameNumbers() throws IOException, InterruptedException {
        spark.gauges().done(new RoundGauges.Reading(7, 0.25, OptionalDouble.empty(), 2, 25, 1));
        JsonNode page = new ObjectMapper().readTree(page("/metrics/json/"));
        String name = "nightly.driver.plugin." + MetricsPlugin.class.getName() + ".";
        assertThat(page.at("/gauges").path(name + "round").path("value").asInt())
                .isEqualTo(7);
        assertThat(page.at("/gauges").path(name + "loss").path("value").asDouble())
                .isCloseTo(0.25, within(0.0));
        assertThat(page.at("/counters")
                        .path(name + "failed_tasks")
                        .path("count")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void pluginsOfTheUserStay() {
        assertThat(AnotherPlugin.made).isTrue();
    }

    @Test
    void jobsBelongToTheirRunAndAreDescribedByTheirRounds() throws IOException, InterruptedException {
        ClusterSettings jobs = new ClusterSettings(ClusterSettings.Mode.JOBS, 0, Duration.ofSeconds(60), 0);
        try (Cluster cluster = spark.cluster(NoiseProvider.job(Precision.FLOAT, 2, 7, Map.of()), jobs)) {
            cluster.run(
                    new RoundRequest("train", NoiseProvider.specs(8, Map.of()), OutputMode.SUMS),
                    NoiseProvider.theta(Precision.FLOAT, 7));
        }
        JsonNode jobsPage = new ObjectMapper()
                .readTree(page("/api/v1/applications/" + spark.context().sc().applicationId() + "/jobs"));
        List<JsonNode> done =
                StreamSupport.stream(jobsPage.spliterator(), false).toList();
        assertThat(done).singleElement().satisfies(job -> {
            assertThat(job.path("jobGroup").asText()).isEqualTo("sinusoid-7");
            assertThat(job.path("description").asText()).isEqualTo("train, round 12");
        });
        assertThat(spark.context().sc().appName()).isEqualTo("kindling sinusoid-7");
    }

    @Test
    void theNextContextShowsItsOwnRun() throws IOException, InterruptedException {
        spark.gauges().done(new RoundGauges.Reading(9, 0.25, OptionalDouble.empty(), 2, 25, 1));
        spark.close();
        spark = SparkApplication.start("sinusoid-8", Optional.of("local[1]"));
        assertThat(value("round_Value")).hasValue(0);
        assertThat(value("failed_tasks_Count")).hasValue(0);
    }

    private OptionalDouble value(String name) throws IOException, InterruptedException {
        return page("/metrics/prometheus/")
                .lines()
                .filter(line -> line.startsWith(PREFIX + name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst();
    }

    private String page(String path) throws IOException, InterruptedException {
        URI uri = URI.create(spark.context().sc().uiWebUrl().get() + path);
        HttpResponse<String> response =
                client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return response.body();
    }

    /** Somebody else's. */
    public static final class AnotherPlugin implements SparkPlugin {
        private static volatile boolean made;

        @Override
        public DriverPlugin driverPlugin() {
            made = true;
            return null;
        }

        @Override
        public ExecutorPlugin executorPlugin() {
            return null;
        }
    }
}
