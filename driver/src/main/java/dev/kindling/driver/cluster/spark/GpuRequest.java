package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.AssignedDevice;
import org.apache.spark.SparkConf;

/**
 * The GPUs that Spark is asked for, held against what will compute. Refused before Spark starts is what would make it wait for
 * ever, hold GPUs that nobody computes on, or give a Spark task none or several.
 *
 * @param prefix of the settings: of the application's executors, or of those of rounds
 * @param perExecutor GPUs of an executor
 * @param perTask GPUs of a Spark task, less than 1 where several share one
 */
record GpuRequest(String prefix, double perExecutor, double perTask) {
    static final String EXECUTOR = "executor.resource.gpu.amount";
    static final String TASK = "task.resource.gpu.amount";
    /** Spark's own limit for shares of a GPU. */
    private static final double LARGEST_SHARE = 0.5;

    /** What the settings ask for the executors on which rounds run. */
    static GpuRequest of(SparkConf configuration) {
        return of(configuration, ExecutorResourceProfile.prefix(configuration));
    }

    private static GpuRequest of(SparkConf configuration, String prefix) {
        return new GpuRequest(
                prefix, configuration.getDouble(prefix + EXECUTOR, 0), configuration.getDouble(prefix + TASK, 0));
    }

    /** Refuses GPUs for the application's executors where rounds have executors of their own. */
    static void refuseBesideRounds(SparkConf configuration) {
        GpuRequest application = of(configuration, ExecutorResourceProfile.APPLICATION);
        require(
                ExecutorResourceProfile.prefix(configuration).equals(application.prefix()) || !application.isForGpus(),
                application.setting() + ", but rounds run on executors of their own (" + AssignedDevice.ROUNDS
                        + "*), and the application's would hold the GPUs idle; it must be 0");
    }

    boolean isForGpus() {
        return perExecutor > 0 || perTask > 0;
    }

    /** Refuses what is asked where Spark runs as threads of this JVM. */
    void refuseIn(String localMaster) {
        require(
                !isForGpus(),
                setting() + ", but the master is " + localMaster
                        + ", where Spark has no GPUs to give and would wait for ever; take the setting away, or start "
                        + "executors beside the driver: --master local-cluster[1,1,4096] (docs/gpu.md)");
    }

    /** Refuses what is asked for a backend other than that for GPUs. */
    void refuseFor(String backend) {
        require(
                !isForGpus() || backend.equals(ExecutorClasspath.BACKEND),
                setting() + ", but backend.name is " + backend
                        + ", which computes on the processor and would hold the GPUs idle; set backend.name = "
                        + ExecutorClasspath.BACKEND
                        + ", or both amounts to 0: " + prefix + EXECUTOR + " and " + prefix + TASK);
    }

    /** Refuses what is asked where executors get that ND4J. */
    void refuseOn(ExecutorClasspath.Kind kind) {
        require(
                !isForGpus() || kind != ExecutorClasspath.Kind.PROCESSOR,
                setting() + ", but executors would get an ND4J that computes on the processor and holds the GPUs idle; "
                        + ExecutorClasspath.FOLDER.setting() + " must name the folder "
                        + ExecutorClasspath.FOLDER.name()
                        + " of a package built with the Maven profile cuda (docs/gpu.md), or both amounts must be 0");
        require(
                isForGpus() || kind != ExecutorClasspath.Kind.GPU,
                "backend.name is " + ExecutorClasspath.BACKEND
                        + " and executors would get an ND4J that computes on GPUs, but Spark is "
                        + "asked for none; set "
                        + prefix + EXECUTOR + " and " + prefix + TASK + " to 1, or "
                        + ExecutorClasspath.FOLDER.setting() + " to the folder " + DriverClasspath.FOLDER.name()
                        + " to compute on the processor");
        requireOneEach();
    }

    private void requireOneEach() {
        require(
                !isForGpus() || perExecutor >= 1,
                prefix + TASK + " is " + perTask + ", but executors are given no GPU; set " + prefix + EXECUTOR
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

    private static void require(boolean condition, String sentence) {
        if (!condition) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
