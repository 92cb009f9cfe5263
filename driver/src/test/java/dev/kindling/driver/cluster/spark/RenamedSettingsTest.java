package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RenamedSettingsTest {
    @ParameterizedTest
    @CsvSource({
        "spark.kindling.driver-libs, spark.kindling.driver.libs",
        "spark.kindling.executor-libs, spark.kindling.executor.libs",
        "spark.kindling.exchange, spark.kindling.peerExchange.enabled",
        "spark.kindling.rounds.executor.cores, spark.kindling.executorProfile.executor.cores"
    })
    void aSettingOfAnEarlierVersionIsRefusedWithItsNewName(String old, String current) {
        SparkConf settings = new SparkConf(false).set(old, "7");
        assertThatThrownBy(() -> SparkApplication.configuration(settings, "test", Optional.of("local[1]")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(old + " is 7; the setting is now " + current);
    }

    @Test
    void settingsOfThisVersionAreAccepted() {
        SparkConf settings = new SparkConf(false)
                .set("spark.kindling.driver.libs", "a")
                .set("spark.kindling.executor.libs", "b")
                .set("spark.kindling.peerExchange.enabled", "false")
                .set("spark.kindling.executorProfile.executor.cores", "2");
        assertThatCode(() -> RenamedSettings.refuse(settings)).doesNotThrowAnyException();
    }
}
