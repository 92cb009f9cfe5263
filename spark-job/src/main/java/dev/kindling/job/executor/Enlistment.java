package dev.kindling.job.executor;

import java.io.Serializable;

/**
 * The work of a worker job's one Spark task: lends its thread to a run for as long as the run has rounds. Made on the
 * driver, serves on executors.
 */
public sealed interface Enlistment extends Serializable {
    /** Serves until the run is over, the driver is gone or Spark ends the task. */
    void serve();

    /**
     * In the JVM of the driver itself.
     *
     * @param run as {@link Barracks} knows it
     * @param ticket of the worker job
     */
    record Here(String run, long ticket) implements Enlistment {
        @Override
        public void serve() {
            Barracks.serve(run, ticket, AssignedDevice.ofTask(), Presence.ofTask());
        }
    }

    /**
     * In an executor's JVM.
     *
     * @param run names the run among those of the application
     * @param ticket of the worker job
     * @param host of the driver
     * @param port at which it takes connections
     * @param secret of this worker job alone, in hexadecimal digits: who greets the driver for it proves to know it
     * @param exchange bytes of the largest vector or sum of which executors send each other slices, or 0 where they are not
     *     to talk to each other
     */
    record There(String run, long ticket, String host, int port, String secret, long exchange) implements Enlistment {
        @Override
        public void serve() {
            Station.of(this).lend(ticket, Presence.ofTask());
        }

        /** The secret stays out of logs. */
        @Override
        public String toString() {
            return "worker " + ticket + " of " + run + " for " + host + ":" + port;
        }
    }
}
