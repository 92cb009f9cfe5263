package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ClusterSettingsTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void modesAreNamedAsInConfigurations() {
        assertThat(ClusterSettings.Mode.of("jobs")).isEqualTo(ClusterSettings.Mode.JOBS);
        assertThat(ClusterSettings.Mode.of("persistent")).isEqualTo(ClusterSettings.Mode.PERSISTENT);
        assertThatThrownBy(() -> ClusterSettings.Mode.of("Jobs"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cluster.mode is Jobs; it must be persistent or jobs");
        assertThatThrownBy(() -> ClusterSettings.Mode.of("resident"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cluster.mode is resident; it must be persistent or jobs");
    }

    @Test
    void wrongValuesAreRefusedByName() {
        assertThatThrownBy(() -> new ClusterSettings(ClusterSettings.Mode.JOBS, -1, MINUTE, 0))
                .hasMessageContaining("cluster.workers is -1");
        assertThatThrownBy(() -> new ClusterSettings(ClusterSettings.Mode.JOBS, 0, Duration.ZERO, 0))
                .hasMessageContaining("cluster.executor-timeout is 0 s");
        assertThatThrownBy(() -> new ClusterSettings(ClusterSettings.Mode.JOBS, 0, MINUTE, 65_536))
                .hasMessageContaining("cluster.port is 65536");
    }
}
