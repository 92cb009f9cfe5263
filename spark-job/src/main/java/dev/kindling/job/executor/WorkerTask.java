package dev.kindling.job.executor;

import java.io.Serializable;

/**
 * The work of a worker job's one Spark task: lends its thread to a run for as long as the run has rounds. Made on the
 * driver, serves on executors.
 */
public sealed interface WorkerTask extends Serializable {
    /** Serves until the run is over, the driver is gone or Spark ends the task. */
    void execute();

    /**
     * In the JVM of the driver itself.
     *
     * @param run as {@link LocalWorkerRegistry} knows it
     * @param workerJobId of the worker job
     */
    record Local(String run, long workerJobId) implements WorkerTask {
        @Override
        public void execute() {
            LocalWorkerRegistry.runWorker(run, workerJobId, AssignedDevice.ofTask(), TaskInterruption.ofTask());
        }
    }

    /**
     * In an executor's JVM.
     *
     * @param run names the run among those of the application
     * @param workerJobId of the worker job
     * @param host of the driver
     * @param port at which it takes connections
     * @param secret of this worker job alone, in hexadecimal digits: who greets the driver for it proves to know it
     * @param exchange bytes of the largest vector or sum of which executors send each other slices, or 0 where they are not
     *     to talk to each other
     */
    record Remote(String run, long workerJobId, String host, int port, String secret, long exchange)
            implements WorkerTask {
        @Override
        public void execute() {
            ExecutorSession.of(this).runWorker(workerJobId, TaskInterruption.ofTask());
        }

        /** The secret stays out of logs. */
        @Override
        public String toString() {
            return "worker " + workerJobId + " of " + run + " for " + host + ":" + port;
        }
    }
}
