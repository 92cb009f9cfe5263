package dev.kindling.ml;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.File;
import org.junit.jupiter.api.Test;

class MetaDefaultsTest {
    @Test
    void theDefaultsAreTheSettingsOfTheReadyJob() {
        Config reference = ConfigFactory.parseFile(new File("../conf/reference.conf"));
        Config job = ConfigFactory.parseFile(new File("../conf/table.conf"))
                .withFallback(reference)
                .resolve();
        assertThat(job.getString("algorithm.name")).isEqualTo(MetaDefaults.METHOD);
        assertThat(job.getInt("run.rounds")).isEqualTo(MetaDefaults.ROUNDS);
        assertThat(job.getInt("task.meta-batch-size")).isEqualTo(MetaDefaults.TASKS);
        assertThat(job.getInt("run.members")).isEqualTo(MetaDefaults.MEMBERS);
        assertThat(job.getLong("run.seed")).isEqualTo(MetaDefaults.SEED);
    }
}
