package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.StopExecutor;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Encodes messages as bytes and decodes them, the same on the driver and on executors. Every encoding begins with a byte
 * for the format and one for the message type. Decoding allocates in proportion to the bytes that are there; anything wrong
 * with them is a {@link ProtocolException}. Thread-safe.
 *
 * <p>The broadcast vector is a message of its own, so that a worker that runs many ranges of a round is sent θ once.
 */
public final class MessageCodec {
    private static final int FORMAT = 3;
    private static final int HEADER = 2;
    /** Initial size of an output without its vectors; it grows beyond that as needed. */
    private static final int SMALL = 4096;
    /** Kryo reserves smaller ids for primitives. */
    private static final int FIRST_ID = 20;

    /** The message types, each with the byte that identifies it and its encoding. The only list of them. */
    @SuppressWarnings("ImmutableEnumChecker") // The suppliers are constructors and capture nothing.
    private enum Kind {
        JOB(1, Job.class, JobSerializer::new),
        BROADCAST_VECTOR(2, BroadcastVector.class, ShardFormat::writeBroadcastVector, ShardFormat::readBroadcastVector),
        RANGE_REQUEST(3, RangeRequest.class, RangeRequestSerializer::new),
        RANGE_RESULT(4, RangeResult.class, RangeResultSerializer::new),
        FAILURE(5, Failure.class, DriverMessageFormat::writeFailure, DriverMessageFormat::readFailure),
        STOP_EXECUTOR(6, StopExecutor.class, (kryo, output, stop) -> {}, (kryo, input) -> new StopExecutor()),
        WORKER_STARTED(
                8,
                DriverMessage.WorkerStarted.class,
                DriverMessageFormat::writeWorkerStarted,
                DriverMessageFormat::readWorkerStarted),
        HEARTBEAT(
                9,
                DriverMessage.Heartbeat.class,
                DriverMessageFormat::writeHeartbeat,
                DriverMessageFormat::readHeartbeat),
        RANGE_COMPLETED(
                10,
                DriverMessage.RangeCompleted.class,
                DriverMessageFormat::writeRangeCompleted,
                DriverMessageFormat::readRangeCompleted),
        JOB_REJECTED(
                11,
                DriverMessage.JobRejected.class,
                DriverMessageFormat::writeJobRejected,
                DriverMessageFormat::readJobRejected),
        BROADCAST_SHARD(12, BroadcastShard.class, ShardFormat::writeBroadcastShard, ShardFormat::readBroadcastShard),
        REDUCE_SHARD_REQUEST(
                13,
                ReduceShardRequest.class,
                ShardFormat::writeReduceShardRequest,
                ShardFormat::readReduceShardRequest),
        RANGE_RETAINED(
                14,
                DriverMessage.RangeRetained.class,
                DriverMessageFormat::writeRangeRetained,
                DriverMessageFormat::readRangeRetained),
        VECTOR_MISSING(
                15,
                DriverMessage.VectorMissing.class,
                DriverMessageFormat::writeVectorMissing,
                DriverMessageFormat::readVectorMissing),
        SHARD_REDUCED(
                16,
                DriverMessage.ShardReduced.class,
                DriverMessageFormat::writeShardReduced,
                DriverMessageFormat::readShardReduced),
        SHARD_FAILED(
                17,
                DriverMessage.ShardFailed.class,
                DriverMessageFormat::writeShardFailed,
                DriverMessageFormat::readShardFailed),
        VECTOR_SHARD_REQUEST(
                18,
                PeerRequest.VectorShardRequest.class,
                ShardFormat::writeVectorShardRequest,
                ShardFormat::readVectorShardRequest),
        SUM_SHARD_REQUEST(
                19,
                PeerRequest.SumShardRequest.class,
                ShardFormat::writeSumShardRequest,
                ShardFormat::readSumShardRequest),
        SHARD_PAYLOAD(20, ShardPayload.class, ShardFormat::writeShardPayload, ShardFormat::readShardPayload),
        WORKER_HELLO(
                21,
                HandshakeMessage.WorkerHello.class,
                HandshakeFormat::writeWorkerHello,
                HandshakeFormat::readWorkerHello),
        PEER_HELLO(
                22, HandshakeMessage.PeerHello.class, HandshakeFormat::writePeerHello, HandshakeFormat::readPeerHello),
        CHALLENGE(
                23, HandshakeMessage.Challenge.class, HandshakeFormat::writeChallenge, HandshakeFormat::readChallenge),
        PROOF(24, HandshakeMessage.Proof.class, HandshakeFormat::writeProof, HandshakeFormat::readProof);

        private static final Map<Class<?>, Kind> BY_TYPE = new HashMap<>();
        private static final Map<Byte, Kind> BY_CODE = new HashMap<>();

        static {
            for (Kind kind : values()) {
                BY_TYPE.put(kind.type, kind);
                BY_CODE.put(kind.code, kind);
            }
        }

        private final byte code;
        private final Class<?> type;
        /** A serializer may hold state while it reads, so each Kryo has its own. */
        private final Supplier<Serializer<?>> serializer;

        Kind(int code, Class<?> type, Supplier<Serializer<?>> serializer) {
            this.code = (byte) code;
            this.type = type;
            this.serializer = serializer;
        }

        <T> Kind(int code, Class<T> type, MessageSerializer.Writer<T> writer, MessageSerializer.Reader<T> reader) {
            this(code, type, () -> new MessageSerializer<>(writer, reader));
        }

        static Kind of(Object message) {
            Kind kind = BY_TYPE.get(message.getClass());
            if (kind == null) {
                throw new IllegalStateException("there is no encoding of " + message);
            }
            return kind;
        }

        /** The kind that bytes begin with, which must be of the given type or one of its subtypes. */
        static Kind of(byte[] bytes, Class<?> expected) {
            Kind kind = bytes.length >= HEADER && bytes[0] == FORMAT ? BY_CODE.get(bytes[1]) : null;
            if (kind == null || !expected.isAssignableFrom(kind.type)) {
                throw new ProtocolException(
                        bytes.length + " bytes are not a " + expected.getSimpleName() + " of this version");
            }
            return kind;
        }
    }

    /** Idle Kryo instances: each serves one thread at a time and is costly to make. */
    private static final ConcurrentLinkedQueue<Kryo> IDLE = new ConcurrentLinkedQueue<>();

    private MessageCodec() {}

    public static byte[] encodeJob(Job job) {
        return encode(job, SMALL);
    }

    /** The job; its programs are verified and equal those that were encoded. */
    public static Job decodeJob(byte[] bytes) {
        return decode(bytes, Job.class);
    }

    public static byte[] encodeBroadcastVector(BroadcastVector shared) {
        return encode(shared, size(shared.values()) + 64);
    }

    public static BroadcastVector decodeBroadcastVector(byte[] bytes) {
        return decode(bytes, BroadcastVector.class);
    }

    public static byte[] encodeRangeRequest(RangeRequest request) {
        return encode(request, SMALL);
    }

    public static RangeRequest decodeRangeRequest(byte[] bytes) {
        return decode(bytes, RangeRequest.class);
    }

    public static byte[] encodeOutcome(RangeOutcome outcome) {
        return encode(outcome, size(outcome));
    }

    private static long size(RangeOutcome outcome) {
        long size = SMALL;
        if (outcome instanceof RangeResult result) {
            size += (long) result.perTaskOutputs().length * Double.BYTES;
            for (PartialSum sum : result.sums()) {
                size += size(sum.sums());
            }
        }
        return size;
    }

    public static RangeOutcome decodeOutcome(byte[] bytes) {
        return decode(bytes, RangeOutcome.class);
    }

    public static byte[] encodeStopExecutor() {
        return encode(new StopExecutor(), SMALL);
    }

    public static byte[] encodeBroadcastShard(BroadcastShard shard) {
        return encode(shard, SMALL + size(shard.values()));
    }

    public static byte[] encodeReduceShardRequest(ReduceShardRequest request) {
        return encode(request, SMALL);
    }

    /** Decodes any message of the driver to an executor. */
    public static ExecutorMessage decodeExecutorMessage(byte[] bytes) {
        return decode(bytes, ExecutorMessage.class);
    }

    public static byte[] encodeDriverMessage(DriverMessage message) {
        long size = SMALL;
        if (message instanceof DriverMessage.RangeCompleted completed) {
            size = size(completed.outcome());
        } else if (message instanceof DriverMessage.ShardReduced reduced) {
            size += size(reduced.sums());
        }
        return encode(message, size);
    }

    /** Decodes any message of an executor to the driver. */
    public static DriverMessage decodeDriverMessage(byte[] bytes) {
        return decode(bytes, DriverMessage.class);
    }

    public static byte[] encodePeerRequest(PeerRequest message) {
        return encode(message, SMALL);
    }

    /** Decodes any request of an executor to another one. */
    public static PeerRequest decodePeerRequest(byte[] bytes) {
        return decode(bytes, PeerRequest.class);
    }

    /** Encodes the response to a {@link PeerRequest}. */
    public static byte[] encodeShardPayload(FlatVector values) {
        return encode(new ShardPayload(values), SMALL + size(values));
    }

    public static FlatVector decodeShardPayload(byte[] bytes) {
        return decode(bytes, ShardPayload.class).values();
    }

    public static byte[] encodeHandshake(HandshakeMessage message) {
        return encode(message, SMALL);
    }

    /** Decodes any message that may arrive before a connection is authenticated. */
    public static HandshakeMessage decodeHandshake(byte[] bytes) {
        return decode(bytes, HandshakeMessage.class);
    }

    /** Bytes of a vector's values. */
    private static long size(FlatVector vector) {
        return (long) vector.size() * vector.precision().bytes();
    }

    private static byte[] encode(Object message, long expectedSize) {
        Kind kind = Kind.of(message);
        Output output =
                new Output((int) Math.min(expectedSize, WireFormat.LARGEST_MESSAGE), WireFormat.LARGEST_MESSAGE);
        output.writeByte(FORMAT);
        output.writeByte(kind.code);
        Kryo kryo = acquire();
        try {
            kryo.writeObject(output, message);
        } catch (RuntimeException e) {
            throw new ProtocolException("cannot encode a " + kind.type.getSimpleName() + ": " + e.getMessage(), e);
        } finally {
            IDLE.add(kryo);
        }
        return output.toBytes();
    }

    private static <T> T decode(byte[] bytes, Class<T> expected) {
        Kind kind = Kind.of(bytes, expected);
        Input input = new Input(bytes, HEADER, bytes.length - HEADER);
        Kryo kryo = acquire();
        Object message;
        try {
            message = kryo.readObject(input, kind.type);
        } catch (RuntimeException e) {
            throw new ProtocolException(
                    "a " + kind.type.getSimpleName() + " of " + bytes.length + " bytes is damaged", e);
        } finally {
            IDLE.add(kryo);
        }
        if (input.position() != input.limit()) {
            throw new ProtocolException("a " + kind.type.getSimpleName() + " of " + bytes.length
                    + " bytes ends at byte " + input.position());
        }
        return expected.cast(message);
    }

    private static Kryo acquire() {
        Kryo kryo = IDLE.poll();
        return kryo != null ? kryo : create();
    }

    private static Kryo create() {
        Kryo kryo = new Kryo();
        kryo.setRegistrationRequired(true);
        kryo.setReferences(false);
        kryo.register(Program.class, new ProgramSerializer(), FIRST_ID);
        for (Kind kind : Kind.values()) {
            kryo.register(kind.type, kind.serializer.get(), FIRST_ID + kind.code);
        }
        return kryo;
    }
}
