package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.tensor.FlatVector;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/** A cluster that passes each request to an observer before it runs it. */
final class WatchedCluster implements Cluster {
    private final Cluster cluster;
    private final Consumer<RoundRequest> watcher;

    /** Observes a cluster of threads of this JVM instead of Spark. */
    WatchedCluster(Job job, int threads, Consumer<RoundRequest> watcher) {
        this(new LocalCluster(job, new Configuration(), threads), watcher);
    }

    WatchedCluster(Cluster cluster, Consumer<RoundRequest> watcher) {
        this.cluster = cluster;
        this.watcher = watcher;
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        watcher.accept(request);
        return cluster.run(request, shared, prefetcher);
    }

    @Override
    public void close() {
        cluster.close();
    }
}
