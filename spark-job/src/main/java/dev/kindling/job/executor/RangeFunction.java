package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.runner.CompiledJob;
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
 * @param job an encoded {@link dev.kindling.job.protocol.Job}
 * @param shared an encoded {@link BroadcastVector}
 */
public record RangeFunction(String cluster, String jobHash, TaskPayload job, TaskPayload shared)
        implements Serializable {
    private static final CompiledJobCache JOBS = new CompiledJobCache();
    private static final ParameterCache VECTOR = new ParameterCache();

    /** The encoded answer to an encoded order. */
    public byte[] answer(byte[] order) {
        return MessageCodec.encodeOutcome(run(MessageCodec.decodeRangeRequest(order)));
    }

    private RangeOutcome run(RangeRequest request) {
        try (ExecutorLogContext log = ExecutorLogContext.open()) {
            log.round(request.specs().get(0).round());
            return run(request, log);
        }
    }

    private RangeOutcome run(RangeRequest request, ExecutorLogContext log) {
        try {
            Device device = AssignedDevice.ofTask();
            CompiledJob compiled = JOBS.runner(jobHash, job::bytes, RangeFunction::hadoop, device);
            BroadcastVector vector = VECTOR.get(cluster, request.shared(), shared::bytes);
            RangeResult result = compiled.run(request, vector, device, name(device));
            ExecutorLogContext.failed(result.failed());
            return result;
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
