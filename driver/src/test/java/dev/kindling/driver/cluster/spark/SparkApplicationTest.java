package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkApplicationTest {
    private static final String EXTRA = "spark.executor.extraJavaOptions";

    private static SparkConf given(String... keysAndValues) {
        SparkConf given = new SparkConf(false);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            given.set(keysAndValues[i], keysAndValues[i + 1]);
        }
        return given;
    }

    @Test
    void theMasterIsTheArgumentThenWhatWasGivenThenLocal() {
        assertThat(SparkApplication.configuration(given(), "x", Optional.empty())
                        .get("spark.master"))
                .isEqualTo("local[*]");
        SparkConf submitted = given("spark.master", "yarn");
        assertThat(SparkApplication.configuration(submitted, "x", Optional.empty())
                        .get("spark.master"))
                .isEqualTo("yarn");
        assertThat(SparkApplication.configuration(submitted, "x", Optional.of("local[1]"))
                        .get("spark.master"))
                .isEqualTo("local[1]");
    }

    @Test
    void theVectorModuleJoinsTheUsersOptions() {
        SparkConf made = SparkApplication.configuration(
                given(SparkApplication.DEFAULT_JAVA_OPTIONS, "-Da=b", EXTRA, "-Dc=d"), "x", Optional.empty());
        assertThat(made.get(SparkApplication.DEFAULT_JAVA_OPTIONS))
                .isEqualTo("-Da=b --add-modules=jdk.incubator.vector");
        assertThat(made.get(EXTRA)).isEqualTo("-Dc=d");
        assertThat(SparkApplication.configuration(made, "x", Optional.empty())
                        .get(SparkApplication.DEFAULT_JAVA_OPTIONS))
                .isEqualTo("-Da=b --add-modules=jdk.incubator.vector");
    }

    @Test
    void sparksPagesAreOffInLocalModeByDefault() {
        assertThat(SparkApplication.configuration(given(), "x", Optional.of("local[2]"))
                        .get("spark.ui.enabled"))
                .isEqualTo("false");
        assertThat(SparkApplication.configuration(given("spark.ui.enabled", "true"), "x", Optional.empty())
                        .get("spark.ui.enabled"))
                .isEqualTo("true");
        assertThat(SparkApplication.configuration(given(), "x", Optional.of("spark://a:7077"))
                        .contains("spark.ui.enabled"))
                .isFalse();
    }

    @Test
    void theNameIsTheUsersOrElseTheRuns() {
        assertThat(SparkApplication.configuration(given(), "kindling a", Optional.empty())
                        .get("spark.app.name"))
                .isEqualTo("kindling a");
        assertThat(SparkApplication.configuration(given("spark.app.name", "nightly"), "kindling a", Optional.empty())
                        .get("spark.app.name"))
                .isEqualTo("nightly");
        SparkConf namedByItsClass = given("spark.app.name", "dev.kindling.driver.cli.Kindling");
        assertThat(SparkApplication.configuration(namedByItsClass, "kindling a", Optional.empty())
                        .get("spark.app.name"))
                .isEqualTo("kindling a");
    }

    @Test
    void theMetricsPluginIsAddedToTheUsersOnce() {
        String plugin = "dev.kindling.driver.cluster.spark.metrics.MetricsPlugin";
        SparkConf made = SparkApplication.configuration(given("spark.plugins", "a.B, c.D"), "x", Optional.empty());
        assertThat(made.get("spark.plugins")).isEqualTo("a.B, c.D," + plugin);
        assertThat(SparkApplication.configuration(made, "x", Optional.empty()).get("spark.plugins"))
                .isEqualTo("a.B, c.D," + plugin);
        assertThat(SparkApplication.configuration(given(), "x", Optional.empty())
                        .get("spark.plugins"))
                .isEqualTo(plugin);
    }
}
