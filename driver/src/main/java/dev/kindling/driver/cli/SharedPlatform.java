package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.AveragedRounds;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.spark.watch.RoundGauges;
import dev.kindling.job.wire.Job;
import java.util.Optional;

/** A platform that has started once for many commands' work: who starts or closes it changes nothing. */
record SharedPlatform(Platform.Running running) implements Platform {
    @Override
    public Running start(String run, Optional<String> master) {
        return new Running() {
            @Override
            public Cluster cluster(Job job, ClusterSettings settings) {
                return running.cluster(job, settings);
            }

            @Override
            public RoundGauges gauges() {
                return running.gauges();
            }

            @Override
            public Cluster averaging(Cluster rounds, AveragedRounds averaged) {
                return running.averaging(rounds, averaged);
            }

            @Override
            public void close() {}
        };
    }
}
