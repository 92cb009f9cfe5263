package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.AssignedDevice;
import org.apache.spark.SparkConf;

/**
 * The GPUs that an application requests of Spark, with checks before Spark starts: refused are requests that make Spark wait
 * forever, reserve GPUs without computing on them, or assign none or several to a Spark task.
 *
 * @param prefix of the settings: of the application's executors, or of the executors that run rounds
 * @param perExecutor GPUs per executor
 * @param perTask GPUs per Spark task, less than 1 if several share one
 */
record GpuRequest(String prefix, double perExecutor, double perTask) {
    static final String EXECUTOR = "executor.resource.gpu.amount";
    static final String TASK = "task.resource.gpu.amount";
    /** Spark's own limit for shares of a GPU. */
    private static final double LARGEST_SHARE = 0.5;

    /** The request for the executors that run rounds. */
    static GpuRequest of(SparkConf configuration) {
        return of(configuration, ExecutorResourceProfile.prefix(configuration));
    }

    private static GpuRequest of(SparkConf configuration, String prefix) {
        return new GpuRequest(
                prefix, configuration.getDouble(prefix + EXECUTOR, 0), configuration.getDouble(prefix + TASK, 0));
    }

    /** Refuses GPUs for the application's executors if rounds have executors of their own. */
    static void refuseForOtherExecutors(SparkConf configuration) {
        GpuRequest application = of(configuration, ExecutorResourceProfile.APPLICATION);
        require(
                ExecutorResourceProfile.prefix(configuration).equals(application.prefix()) || !application.isForGpus(),
                application.setting() + ", but rounds run on executors of their own (" + AssignedDevice.EXECUTOR_PROFILE
                        + "*), and the application's would leave the GPUs idle; it must be 0");
    }

    boolean isForGpus() {
        return perExecutor > 0 || perTask > 0;
    }

    /** Refuses GPUs if Spark runs as threads of this JVM. */
    void refuseIn(String localMaster) {
        require(
                !isForGpus(),
                setting() + ", but the master is " + localMaster
                        + ", where Spark has no GPUs and would wait forever; remove the setting, or start "
                        + "executors in JVMs of their own: --master local-cluster[1,1,4096] (docs/gpu.md)");
    }

    /** Refuses GPUs for any backend that does not compute on them. */
    void refuseFor(String backend) {
        require(
                !isForGpus() || backend.equals(ExecutorClasspath.BACKEND),
                setting() + ", but backend.name is " + backend
                        + ", which computes on the processor and would leave the GPUs idle; set backend.name = "
                        + ExecutorClasspath.BACKEND
                        + ", or both amounts to 0: " + prefix + EXECUTOR + " and " + prefix + TASK);
    }

    /** Refuses a request that does not match the ND4J that executors will load. */
    void refuseOn(ExecutorClasspath.Kind kind) {
        require(
                !isForGpus() || kind != ExecutorClasspath.Kind.PROCESSOR,
                setting()
                        + ", but executors would load an ND4J that computes on the processor and leaves the GPUs idle; "
                        + ExecutorClasspath.FOLDER.setting() + " must name the folder "
                        + ExecutorClasspath.FOLDER.name()
                        + " of a package built with the Maven profile cuda (docs/gpu.md), or both amounts must be 0");
        require(
                isForGpus() || kind != ExecutorClasspath.Kind.GPU,
                "backend.name is " + ExecutorClasspath.BACKEND
                        + " and executors would load an ND4J that computes on GPUs, but none are "
                        + "requested of Spark; set "
                        + prefix + EXECUTOR + " and " + prefix + TASK + " to 1, or "
                        + ExecutorClasspath.FOLDER.setting() + " to the folder " + DriverClasspath.FOLDER.name()
                        + " to compute on the processor");
        requireOnePerTask();
    }

    private void requireOnePerTask() {
        require(
                !isForGpus() || perExecutor >= 1,
                prefix + TASK + " is " + perTask + ", but no GPU is requested for executors; set " + prefix + EXECUTOR
                        + " to 1 or more");
        require(
                !isForGpus() || perTask == 1 || (perTask > 0 && perTask <= LARGEST_SHARE),
                prefix + TASK + " is " + perTask + "; it must be 1, or " + LARGEST_SHARE
                        + " or less where Spark tasks share a GPU: each of them computes on one");
    }

    private String setting() {
        return perExecutor > 0 ? prefix + EXECUTOR + " is " + number(perExecutor) : prefix + TASK + " is " + perTask;
    }

    private static String number(double amount) {
        return amount == Math.rint(amount) ? Long.toString((long) amount) : Double.toString(amount);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
