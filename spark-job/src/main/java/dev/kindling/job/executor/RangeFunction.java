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
 * The function that a Spark task applies to an encoded request for a range, in {@code cluster.mode = jobs}. Created on the
 * driver for one round, runs on executors.
 *
 * <p>A failure that would happen again is returned as a {@link Failure}; after any other exception Spark retries the task.
 *
 * @param cluster unique name of the cluster that numbers the vectors
 * @param jobHash hash of the job's bytes
 * @param job an encoded {@link dev.kindling.job.protocol.Job}
 * @param shared an encoded {@link BroadcastVector}
 */
public record RangeFunction(String cluster, String jobHash, TaskPayload job, TaskPayload shared)
        implements Serializable {
    private static final CompiledJobCache JOBS = new CompiledJobCache();
    private static final ParameterCache VECTOR = new ParameterCache();

    /** The encoded outcome of an encoded request. */
    public byte[] apply(byte[] request) {
        return MessageCodec.encodeOutcome(run(MessageCodec.decodeRangeRequest(request)));
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
            CompiledJob compiled = JOBS.get(jobHash, job::bytes, RangeFunction::hadoop, device);
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

    /** Executor and attempt id, which differs for a retry; the partition id would not. */
    private static String name(Device device) {
        String name = SparkEnv.get().executorId() + "." + TaskContext.get().taskAttemptId();
        return device.equals(Device.PROCESSOR) ? name : name + " on " + device;
    }

    /** The JVM's Hadoop configuration with the application's {@code spark.hadoop.*} settings. */
    static Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
    }
}
