package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.ClusterSettings.Authentication;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

/** Warnings and refusals about the protection of Spark's connections. */
class NetworkSecurityTest {
    private static SparkConf conf(String master, String... keysAndValues) {
        SparkConf conf = new SparkConf(false).setMaster(master).set("spark.driver.host", "127.0.0.1");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            conf.set(keysAndValues[i], keysAndValues[i + 1]);
        }
        return conf;
    }

    private static NetworkSecurity of(String master, String... keysAndValues) {
        return NetworkSecurity.of(conf(master, keysAndValues), "");
    }

    @Test
    void whatStaysOnTheLoopbackInterfaceNeedsNoWarning() {
        assertThat(of("local[2]").warnings()).isEmpty();
        assertThat(of("local-cluster[2,1,1024]").warnings()).isEmpty();
        assertThat(of("spark://127.0.0.1:7077,localhost:7078").warnings()).isEmpty();
    }

    @Test
    void elsewhereMissingAuthenticationIsReportedAndThenMissingEncryption() {
        for (NetworkSecurity open : new NetworkSecurity[] {
            of("yarn"),
            of("spark://127.0.0.1:7077,10.0.0.1:7077"),
            of("k8s://https://10.0.0.1"),
            of("local[2]", "spark.driver.host", "10.0.0.1"),
            of("local-cluster[2,1,1024]", "spark.driver.bindAddress", "0.0.0.0")
        }) {
            assertThat(open.warnings())
                    .singleElement()
                    .asString()
                    .startsWith("warning: spark.authenticate is not true, with master " + open.master());
        }
        assertThat(of("yarn", "spark.authenticate", "true").warnings())
                .singleElement()
                .asString()
                .startsWith("warning: spark.network.crypto.enabled is not true, with master yarn");
        for (String key : new String[] {"spark.network.crypto.enabled", "spark.authenticate.enableSaslEncryption"}) {
            assertThat(of("yarn", "spark.authenticate", "true", key, "true").warnings())
                    .isEmpty();
        }
    }

    @Test
    void aSecretOnTheCommandLineIsReported() {
        SparkConf conf = conf("local[1]", "spark.authenticate", "true");
        assertThat(NetworkSecurity.of(conf, "java X --conf spark.authenticate.secret=abc train")
                        .warnings())
                .singleElement()
                .asString()
                .startsWith("warning: spark.authenticate.secret is on the command line")
                .doesNotContain("abc");
        assertThat(NetworkSecurity.commandLine()).contains("surefire").contains("-Xmx");
    }

    @Test
    void authenticationThatIsRequiredIsRequiredWhereRoundsLeaveTheJvm() {
        for (String master : new String[] {"yarn", "local-cluster[2,1,1024]", "spark://localhost:7077"}) {
            assertThatThrownBy(() -> of(master).require(Authentication.REQUIRED))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("cluster.require-authentication is true and spark.authenticate is not, with master "
                            + master + "; set spark.authenticate=true for Spark (docs/security.md), or "
                            + "cluster.require-authentication=false");
            assertThatCode(() -> of(master).require(Authentication.OPTIONAL)).doesNotThrowAnyException();
            assertThatCode(() -> of(master, "spark.authenticate", "true").require(Authentication.REQUIRED))
                    .doesNotThrowAnyException();
        }
        assertThatCode(() -> of("local[2]").require(Authentication.REQUIRED)).doesNotThrowAnyException();
    }

    @Test
    void localModeUsesTheLoopbackInterfaceByDefault() {
        SparkConf given = new SparkConf(false);
        assertThat(SparkApplication.configuration(given, "x", Optional.of("local[2]"))
                        .get("spark.driver.host"))
                .isEqualTo("127.0.0.1");
        assertThat(SparkApplication.configuration(given, "x", Optional.of("yarn"))
                        .contains("spark.driver.host"))
                .isFalse();
        assertThat(SparkApplication.configuration(
                                given.set("spark.driver.host", "10.0.0.1"), "x", Optional.of("local[2]"))
                        .get("spark.driver.host"))
                .isEqualTo("10.0.0.1");
    }

    @Test
    void theSecretMayComeFromTheEnvironmentWhereSparkWantsItInItsSettings() {
        Map<String, String> environment = Map.of("_SPARK_AUTH_SECRET", "abc");
        SparkConf standalone = conf("spark://a:7077", "spark.authenticate", "true");
        NetworkSecurity.takeSecret(standalone, environment);
        assertThat(standalone.get("spark.authenticate.secret")).isEqualTo("abc");
        SparkConf given = conf("spark://a:7077", "spark.authenticate", "true", "spark.authenticate.secret", "mine");
        NetworkSecurity.takeSecret(given, environment);
        assertThat(given.get("spark.authenticate.secret")).isEqualTo("mine");
        for (SparkConf other : new SparkConf[] {
            conf("yarn", "spark.authenticate", "true"),
            conf("spark://a:7077"),
            conf("k8s://a", "spark.authenticate", "true")
        }) {
            NetworkSecurity.takeSecret(other, environment);
            assertThat(other.contains("spark.authenticate.secret")).isFalse();
        }
    }
}
