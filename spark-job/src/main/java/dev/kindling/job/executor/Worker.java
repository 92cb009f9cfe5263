package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.io.Serializable;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * What a Spark task does with an order: bytes to bytes. Made on the driver for one round, runs on executors.
 *
 * <p>A failure that would only happen again comes back as a {@link Failure}; any other exception is Spark's to retry.
 *
 * @param cluster name of the cluster that the shared vector's version belongs to, different for every cluster
 * @param jobHash hash of the job's bytes
 * @param job an encoded {@link dev.kindling.job.wire.Job}
 * @param shared an encoded {@link SharedVector}
 */
public record Worker(String cluster, String jobHash, Parcel job, Parcel shared) implements Serializable {
    private static final OpenJobs JOBS = new OpenJobs();
    private static final LatestVector VECTOR = new LatestVector();

    /** The encoded answer to an encoded order. */
    public byte[] answer(byte[] order) {
        return Wire.encodeAnswer(run(Wire.decodeOrder(order)));
    }

    private Answer run(WorkOrder order) {
        try (WorkLog log = WorkLog.open()) {
            log.round(order.specs().get(0).round());
            return run(order, log);
        }
    }

    private Answer run(WorkOrder order, WorkLog log) {
        try {
            Device device = AssignedDevice.ofTask();
            Runner runner = JOBS.runner(jobHash, job::bytes, Worker::hadoop, device);
            SharedVector vector = VECTOR.get(cluster, order.shared(), shared::bytes);
            WorkReply reply = runner.run(order, vector, device, name(device));
            WorkLog.failed(reply.failed());
            return reply;
        } catch (RuntimeException e) {
            Optional<Failure> failure = Failure.of(e);
            if (failure.isEmpty()) {
                throw e;
            }
            log.refused(e);
            return failure.get();
        }
    }

    /** Executor and attempt, which a retry or a replacement does not share; a partition's number it would. */
    private static String name(Device device) {
        String name = SparkEnv.get().executorId() + "." + TaskContext.get().taskAttemptId();
        return device.equals(Device.PROCESSOR) ? name : name + " on " + device;
    }

    /** The JVM's Hadoop configuration with what the application set as {@code spark.hadoop.*}. */
    static Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
    }
}
