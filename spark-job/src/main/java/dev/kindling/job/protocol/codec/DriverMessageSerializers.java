package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeResult;

/** The messages of {@link DriverMessage} in bytes. */
final class DriverMessageSerializers {
    private DriverMessageSerializers() {}

    static final class OfWorkerStarted extends Serializer<DriverMessage.WorkerStarted> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.WorkerStarted workerStarted) {
            output.writeLong(workerStarted.workerJobId());
            WireFormat.writeText(output, workerStarted.device());
        }

        @Override
        public DriverMessage.WorkerStarted read(Kryo kryo, Input input, Class<DriverMessage.WorkerStarted> type) {
            return new DriverMessage.WorkerStarted(input.readLong(), WireFormat.readText(input));
        }
    }

    static final class OfHeartbeat extends Serializer<DriverMessage.Heartbeat> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.Heartbeat heartbeat) {
            WireFormat.writeCount(output, heartbeat.threads());
        }

        @Override
        public DriverMessage.Heartbeat read(Kryo kryo, Input input, Class<DriverMessage.Heartbeat> type) {
            return new DriverMessage.Heartbeat(WireFormat.readIndex(input));
        }
    }

    static final class OfRangeCompleted extends Serializer<DriverMessage.RangeCompleted> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.RangeCompleted completed) {
            output.writeLong(completed.shared());
            WireFormat.writeCount(output, completed.firstTask());
            RangeOutcome outcome = completed.outcome();
            WireFormat.writeFlag(output, outcome instanceof RangeResult);
            kryo.writeObject(output, outcome);
        }

        @Override
        public DriverMessage.RangeCompleted read(Kryo kryo, Input input, Class<DriverMessage.RangeCompleted> type) {
            long shared = input.readLong();
            int firstTask = WireFormat.readIndex(input);
            RangeOutcome outcome = WireFormat.readFlag(input)
                    ? kryo.readObject(input, RangeResult.class)
                    : kryo.readObject(input, Failure.class);
            return new DriverMessage.RangeCompleted(shared, firstTask, outcome);
        }
    }

    static final class OfRangeRetained extends Serializer<DriverMessage.RangeRetained> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.RangeRetained retained) {
            output.writeLong(retained.shared());
            kryo.writeObject(output, retained.result());
        }

        @Override
        public DriverMessage.RangeRetained read(Kryo kryo, Input input, Class<DriverMessage.RangeRetained> type) {
            return new DriverMessage.RangeRetained(input.readLong(), kryo.readObject(input, RangeResult.class));
        }
    }

    static final class OfVectorMissing extends Serializer<DriverMessage.VectorMissing> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.VectorMissing vectorMissing) {
            output.writeLong(vectorMissing.version());
        }

        @Override
        public DriverMessage.VectorMissing read(Kryo kryo, Input input, Class<DriverMessage.VectorMissing> type) {
            return new DriverMessage.VectorMissing(input.readLong());
        }
    }

    static final class OfShardReduced extends Serializer<DriverMessage.ShardReduced> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.ShardReduced reduced) {
            output.writeLong(reduced.shared());
            WireFormat.writeCount(output, reduced.shard());
            WireFormat.writeStorage(output, reduced.sums());
        }

        @Override
        public DriverMessage.ShardReduced read(Kryo kryo, Input input, Class<DriverMessage.ShardReduced> type) {
            return new DriverMessage.ShardReduced(
                    input.readLong(), WireFormat.readIndex(input), WireFormat.readStorage(input));
        }
    }

    static final class OfShardFailed extends Serializer<DriverMessage.ShardFailed> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.ShardFailed shardFailed) {
            output.writeLong(shardFailed.shared());
            WireFormat.writeCount(output, shardFailed.shard());
            WireFormat.writeText(output, shardFailed.reason());
        }

        @Override
        public DriverMessage.ShardFailed read(Kryo kryo, Input input, Class<DriverMessage.ShardFailed> type) {
            return new DriverMessage.ShardFailed(
                    input.readLong(), WireFormat.readIndex(input), WireFormat.readText(input));
        }
    }

    static final class OfJobRejected extends Serializer<DriverMessage.JobRejected> {
        @Override
        public void write(Kryo kryo, Output output, DriverMessage.JobRejected jobRejected) {
            kryo.writeObject(output, jobRejected.failure());
        }

        @Override
        public DriverMessage.JobRejected read(Kryo kryo, Input input, Class<DriverMessage.JobRejected> type) {
            return new DriverMessage.JobRejected(kryo.readObject(input, Failure.class));
        }
    }
}
