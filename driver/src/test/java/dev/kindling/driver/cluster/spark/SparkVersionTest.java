package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.error.ClusterException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparkVersionTest {
    @ParameterizedTest
    @ValueSource(strings = {"3.5.0", "3.5.7", "4.0.1", "4.2.0", "4.3.0-SNAPSHOT"})
    void versionsFrom35OnAreSupported(String version) {
        assertThatCode(() -> SparkVersion.requireSupported(version)).doesNotThrowAnyException();
    }

    @Test
    void theSparkOfThisBuildIsSupported() {
        assertThatCode(SparkVersion::requireSupported).doesNotThrowAnyException();
        assertThatCode(() -> SparkVersion.requireDeeplearning4j("transfer.engine is dl4j-spark"))
                .doesNotThrowAnyException();
    }

    @Test
    void spark400IsRefusedWithTheReason() {
        assertThatThrownBy(() -> SparkVersion.requireSupported("4.0.0"))
                .isInstanceOf(ClusterException.class)
                .hasMessage(
                        "Spark is 4.0.0, where stages of pipelines that are written in Java fail (SPARK-52259); it must be "
                                + "3.5, or 4 from 4.0.1 on");
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.4.1", "2.4.8", "3.50.0", "5.0.0"})
    void otherVersionsAreRefused(String version) {
        assertThatThrownBy(() -> SparkVersion.requireSupported(version))
                .isInstanceOf(ClusterException.class)
                .hasMessage("Spark is " + version + "; it must be 3.5, or 4 from 4.0.1 on");
    }

    @Test
    void deeplearning4jSparkIsRefusedWithAnotherScala() {
        assertThatThrownBy(() -> SparkVersion.requireDeeplearning4j("transfer.engine is dl4j-spark", "2.13.18"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "transfer.engine is dl4j-spark, which is published for Scala 2.12 only, but this Spark has Scala "
                                + "2.13.18; use transfer.engine = rounds, or a Spark 3.5 for Scala 2.12");
    }
}
