package dev.kindling.driver.cluster.spark;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Records the executors that were added and those that completed a Spark task. */
final class ExecutorsAtWork extends SparkListener {
    private final Set<String> added = new ConcurrentSkipListSet<>();
    private final Set<String> worked = new ConcurrentSkipListSet<>();

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded event) {
        synchronized (added) {
            added.add(event.executorId());
            added.notifyAll();
        }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
        if (event.taskInfo().successful()) {
            worked.add(event.taskInfo().executorId());
        }
    }

    void awaitExecutors(int count) {
        synchronized (added) {
            while (added.size() < count) {
                try {
                    added.wait();
                } catch (InterruptedException e) {
                    throw new AssertionError("only executors " + added + " came", e);
                }
            }
        }
    }

    /** The executors that completed a Spark task since the last call; Spark's events must have arrived. */
    Set<String> take() {
        Set<String> taken = new TreeSet<>(worked);
        worked.removeAll(taken);
        return taken;
    }
}
