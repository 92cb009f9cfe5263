package dev.kindling.job.executor;

import java.io.Serializable;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;

/**
 * The function that the single Spark task of a worker job runs: it makes its thread a worker of a run until the run ends.
 * Created on the driver, runs on executors.
 */
public sealed interface WorkerTask extends Serializable {
    /** Works until the run is over, the driver is gone or Spark ends the task. */
    void execute();

    /** True until Spark kills the task of the calling thread. */
    private static BooleanSupplier untilInterrupted() {
        TaskContext task = TaskContext.get();
        return () -> !task.isInterrupted();
    }

    /**
     * A worker in the driver's JVM, for Spark's local mode.
     *
     * @param run its name in {@link LocalWorkerRegistry}
     * @param workerJobId of the worker job
     */
    record Local(String run, long workerJobId) implements WorkerTask {
        @Override
        public void execute() {
            LocalWorkerRegistry.runWorker(run, workerJobId, AssignedDevice.ofTask(), untilInterrupted());
        }
    }

    /**
     * A worker in an executor's JVM.
     *
     * @param run name of the run within the application
     * @param workerJobId of the worker job
     * @param host of the driver
     * @param port of the driver
     * @param secret of this worker job alone, in hexadecimal digits, which the executor proves to know when it connects
     * @param largestExchange bytes of the largest vector or sum whose shards executors exchange, or 0 if they must not
     *     connect to each other
     */
    record Remote(String run, long workerJobId, String host, int port, String secret, long largestExchange)
            implements WorkerTask {
        @Override
        public void execute() {
            ExecutorSession.of(this).runWorker(workerJobId, untilInterrupted());
        }

        /** Without the secret, which must not appear in logs. */
        @Override
        public String toString() {
            return "worker " + workerJobId + " of " + run + " for " + host + ":" + port;
        }
    }
}
