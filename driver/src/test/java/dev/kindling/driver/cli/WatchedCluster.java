package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.Request;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/** A cluster, and somebody who sees each request before it is worked on. */
final class WatchedCluster implements Cluster {
    private final Cluster cluster;
    private final Consumer<Request> watcher;

    /** Watches threads of this JVM in Spark's place. */
    WatchedCluster(Job job, int threads, Consumer<Request> watcher) {
        this(new LocalCluster(job, new Configuration(), threads), watcher);
    }

    WatchedCluster(Cluster cluster, Consumer<Request> watcher) {
        this.cluster = cluster;
        this.watcher = watcher;
    }

    @Override
    public RoundResult run(Request request, Storage shared, Ahead ahead) {
        watcher.accept(request);
        return cluster.run(request, shared, ahead);
    }

    @Override
    public void close() {
        cluster.close();
    }
}
