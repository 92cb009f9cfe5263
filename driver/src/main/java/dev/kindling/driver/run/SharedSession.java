package dev.kindling.driver.run;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.job.protocol.Job;
import java.util.Optional;

/** A provider of one started platform for several runs: starting and closing its sessions has no effect on it. */
public record SharedSession(ClusterProvider.Session running) implements ClusterProvider {
    @Override
    public Session start(String run, Optional<String> master) {
        return new Session() {
            @Override
            public Cluster cluster(Job job, ClusterSettings settings) {
                return running.cluster(job, settings);
            }

            @Override
            public TablePreparation tables() {
                return running.tables();
            }

            @Override
            public TablePrediction predictions() {
                return running.predictions();
            }

            @Override
            public RoundGauges gauges() {
                return running.gauges();
            }

            @Override
            public Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
                return running.averaging(rounds, averaged);
            }

            @Override
            public void close() {}
        };
    }
}
