package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeResult;

/** The encodings of {@link DriverMessage}s. */
final class DriverMessageFormat {
    private DriverMessageFormat() {}

    static void writeWorkerStarted(Kryo kryo, Output output, DriverMessage.WorkerStarted started) {
        output.writeLong(started.workerJobId());
        WireFormat.writeText(output, started.device());
    }

    static DriverMessage.WorkerStarted readWorkerStarted(Kryo kryo, Input input) {
        return new DriverMessage.WorkerStarted(input.readLong(), WireFormat.readText(input));
    }

    static void writeHeartbeat(Kryo kryo, Output output, DriverMessage.Heartbeat heartbeat) {
        WireFormat.writeCount(output, heartbeat.threads());
    }

    static DriverMessage.Heartbeat readHeartbeat(Kryo kryo, Input input) {
        return new DriverMessage.Heartbeat(WireFormat.readIndex(input));
    }

    static void writeRangeCompleted(Kryo kryo, Output output, DriverMessage.RangeCompleted completed) {
        output.writeLong(completed.shared());
        WireFormat.writeCount(output, completed.firstTask());
        WireFormat.writeFlag(output, completed.outcome() instanceof RangeResult);
        kryo.writeObject(output, completed.outcome());
    }

    static DriverMessage.RangeCompleted readRangeCompleted(Kryo kryo, Input input) {
        long shared = input.readLong();
        int firstTask = WireFormat.readIndex(input);
        RangeOutcome outcome = WireFormat.readFlag(input)
                ? kryo.readObject(input, RangeResult.class)
                : kryo.readObject(input, Failure.class);
        return new DriverMessage.RangeCompleted(shared, firstTask, outcome);
    }

    static void writeRangeRetained(Kryo kryo, Output output, DriverMessage.RangeRetained retained) {
        output.writeLong(retained.shared());
        kryo.writeObject(output, retained.result());
    }

    static DriverMessage.RangeRetained readRangeRetained(Kryo kryo, Input input) {
        return new DriverMessage.RangeRetained(input.readLong(), kryo.readObject(input, RangeResult.class));
    }

    static void writeVectorMissing(Kryo kryo, Output output, DriverMessage.VectorMissing missing) {
        output.writeLong(missing.version());
    }

    static DriverMessage.VectorMissing readVectorMissing(Kryo kryo, Input input) {
        return new DriverMessage.VectorMissing(input.readLong());
    }

    static void writeShardReduced(Kryo kryo, Output output, DriverMessage.ShardReduced reduced) {
        output.writeLong(reduced.shared());
        WireFormat.writeCount(output, reduced.shard());
        WireFormat.writeVector(output, reduced.sums());
    }

    static DriverMessage.ShardReduced readShardReduced(Kryo kryo, Input input) {
        return new DriverMessage.ShardReduced(
                input.readLong(), WireFormat.readIndex(input), WireFormat.readVector(input));
    }

    static void writeShardFailed(Kryo kryo, Output output, DriverMessage.ShardFailed failed) {
        output.writeLong(failed.shared());
        WireFormat.writeCount(output, failed.shard());
        WireFormat.writeText(output, failed.reason());
    }

    static DriverMessage.ShardFailed readShardFailed(Kryo kryo, Input input) {
        return new DriverMessage.ShardFailed(input.readLong(), WireFormat.readIndex(input), WireFormat.readText(input));
    }

    static void writeJobRejected(Kryo kryo, Output output, DriverMessage.JobRejected rejected) {
        kryo.writeObject(output, rejected.failure());
    }

    static DriverMessage.JobRejected readJobRejected(Kryo kryo, Input input) {
        return new DriverMessage.JobRejected(kryo.readObject(input, Failure.class));
    }

    static void writeFailure(Kryo kryo, Output output, Failure failure) {
        WireFormat.writeConstant(output, failure.kind());
        WireFormat.writeText(output, failure.message());
    }

    static Failure readFailure(Kryo kryo, Input input) {
        Failure.Kind kind = WireFormat.readConstant(input, Failure.Kind.values());
        return new Failure(kind, WireFormat.readText(input));
    }
}
