package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** A round of 23 tasks of noise, one of them failing, in blocks of two, and its expected result on any cluster. */
record NoiseRound(Job job, FlatVector theta, RoundRequest request) {
    private static final int TASKS = 23;

    /** A round with the given parameter count. */
    static NoiseRound of(int size) {
        return new NoiseRound(
                NoiseProvider.job(Precision.FLOAT, 2, size, Map.of()),
                NoiseProvider.theta(Precision.FLOAT, size),
                new RoundRequest(
                        "train", NoiseProvider.specs(TASKS, Map.of(3, NoiseProvider.LOSS_IS_NAN)), OutputMode.SUMS));
    }

    /** Runs the round on one thread of this JVM. */
    RoundResult alone() {
        try (Cluster one = new LocalCluster(job, new Configuration(false), 1)) {
            return one.run(request, theta);
        }
    }

    void assertSame(RoundResult result) {
        RoundResult alone = alone();
        assertThat(result.sum()).isEqualTo(alone.sum());
        assertThat(result.failed()).isEqualTo(alone.failed()).hasSize(1);
    }
}
