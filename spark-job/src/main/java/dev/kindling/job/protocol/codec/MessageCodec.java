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
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Messages to bytes and back; the same on the driver and on executors. Every encoding begins with a byte for the format
 * and one for the message. Decoding reads at most what is there and allocates in proportion to it; whatever is wrong
 * with the bytes is a {@link ProtocolException}. Thread-safe.
 *
 * <p>What an order runs with goes apart from the order, so that a worker that serves many orders of a round is sent θ
 * once.
 */
public final class MessageCodec {
    private static final int FORMAT = 3;
    private static final int HEADER = 2;
    /** Room for what is not bulk numbers; an output grows beyond it by itself. */
    private static final int SMALL = 4096;

    /** The messages, each with the byte that announces it. */
    private enum Kind {
        JOB(1, Job.class),
        BROADCAST_VECTOR(2, BroadcastVector.class),
        RANGE_REQUEST(3, RangeRequest.class),
        RANGE_RESULT(4, RangeResult.class),
        FAILURE(5, Failure.class),
        STOP_EXECUTOR(6, StopExecutor.class),
        WORKER_STARTED(8, DriverMessage.WorkerStarted.class),
        HEARTBEAT(9, DriverMessage.Heartbeat.class),
        RANGE_COMPLETED(10, DriverMessage.RangeCompleted.class),
        JOB_REJECTED(11, DriverMessage.JobRejected.class),
        BROADCAST_SHARD(12, BroadcastShard.class),
        REDUCE_SHARD_REQUEST(13, ReduceShardRequest.class),
        RANGE_RETAINED(14, DriverMessage.RangeRetained.class),
        VECTOR_MISSING(15, DriverMessage.VectorMissing.class),
        SHARD_REDUCED(16, DriverMessage.ShardReduced.class),
        SHARD_FAILED(17, DriverMessage.ShardFailed.class),
        VECTOR_SHARD_REQUEST(18, PeerRequest.VectorShardRequest.class),
        SUM_SHARD_REQUEST(19, PeerRequest.SumShardRequest.class),
        SHARD_PAYLOAD(20, ShardPayload.class),
        WORKER_HELLO(21, HandshakeMessage.WorkerHello.class),
        PEER_HELLO(22, HandshakeMessage.PeerHello.class),
        CHALLENGE(23, HandshakeMessage.Challenge.class),
        PROOF(24, HandshakeMessage.Proof.class);

        private final int code;
        private final Class<?> type;

        Kind(int code, Class<?> type) {
            this.code = code;
            this.type = type;
        }
    }

    private static final Kind[] TO_DRIVER = {
        Kind.RANGE_COMPLETED,
        Kind.HEARTBEAT,
        Kind.WORKER_STARTED,
        Kind.JOB_REJECTED,
        Kind.RANGE_RETAINED,
        Kind.VECTOR_MISSING,
        Kind.SHARD_REDUCED,
        Kind.SHARD_FAILED
    };

    private static final Kind[] TO_PEER = {Kind.VECTOR_SHARD_REQUEST, Kind.SUM_SHARD_REQUEST};

    private static final Kind[] HANDSHAKE = {Kind.WORKER_HELLO, Kind.PEER_HELLO, Kind.CHALLENGE, Kind.PROOF};

    /** A Kryo serves one thread at a time and is costly to make. */
    private static final ConcurrentLinkedQueue<Kryo> IDLE = new ConcurrentLinkedQueue<>();

    private MessageCodec() {}

    public static byte[] encodeJob(Job job) {
        return encode(Kind.JOB, job, SMALL);
    }

    /** The job, its programs verified again and equal to what was encoded. */
    public static Job decodeJob(byte[] bytes) {
        return (Job) decode(bytes, Kind.JOB);
    }

    public static byte[] encodeBroadcastVector(BroadcastVector shared) {
        return encode(Kind.BROADCAST_VECTOR, shared, bulk(shared.values()) + 64);
    }

    public static BroadcastVector decodeBroadcastVector(byte[] bytes) {
        return (BroadcastVector) decode(bytes, Kind.BROADCAST_VECTOR);
    }

    public static byte[] encodeRangeRequest(RangeRequest request) {
        return encode(Kind.RANGE_REQUEST, request, SMALL);
    }

    public static RangeRequest decodeRangeRequest(byte[] bytes) {
        return (RangeRequest) decode(bytes, Kind.RANGE_REQUEST);
    }

    public static byte[] encodeOutcome(RangeOutcome outcome) {
        return encode(outcome instanceof RangeResult ? Kind.RANGE_RESULT : Kind.FAILURE, outcome, size(outcome));
    }

    private static long size(RangeOutcome outcome) {
        long size = SMALL;
        if (outcome instanceof RangeResult result) {
            size += (long) result.perTaskOutputs().length * Double.BYTES;
            for (PartialSum sum : result.sums()) {
                size += bulk(sum.sums());
            }
        }
        return size;
    }

    public static RangeOutcome decodeOutcome(byte[] bytes) {
        return (RangeOutcome) decode(bytes, Kind.RANGE_RESULT, Kind.FAILURE);
    }

    public static byte[] encodeStopExecutor() {
        return encode(Kind.STOP_EXECUTOR, new StopExecutor(), SMALL);
    }

    public static byte[] encodeBroadcastShard(BroadcastShard slice) {
        return encode(Kind.BROADCAST_SHARD, slice, SMALL + bulk(slice.values()));
    }

    public static byte[] encodeReduceShardRequest(ReduceShardRequest request) {
        return encode(Kind.REDUCE_SHARD_REQUEST, request, SMALL);
    }

    /** Whatever an executor may be told: a job, a vector or its slice, an order, or that the run is over. */
    public static ExecutorMessage decodeExecutorMessage(byte[] bytes) {
        return (ExecutorMessage) decode(
                bytes,
                Kind.RANGE_REQUEST,
                Kind.BROADCAST_VECTOR,
                Kind.BROADCAST_SHARD,
                Kind.REDUCE_SHARD_REQUEST,
                Kind.JOB,
                Kind.STOP_EXECUTOR);
    }

    public static byte[] encodeDriverMessage(DriverMessage message) {
        long size = SMALL;
        if (message instanceof DriverMessage.RangeCompleted completed) {
            size = size(completed.outcome());
        } else if (message instanceof DriverMessage.ShardReduced reduced) {
            size += bulk(reduced.sums());
        }
        return encode(kind(message, TO_DRIVER), message, size);
    }

    public static byte[] encodePeerRequest(PeerRequest message) {
        return encode(kind(message, TO_PEER), message, SMALL);
    }

    /** Whatever an executor may ask another one for. */
    public static PeerRequest decodePeerRequest(byte[] bytes) {
        return (PeerRequest) decode(bytes, TO_PEER);
    }

    /** What an executor answers another one. */
    public static byte[] encodeShardPayload(FlatVector numbers) {
        return encode(Kind.SHARD_PAYLOAD, new ShardPayload(numbers), SMALL + bulk(numbers));
    }

    public static FlatVector decodeShardPayload(byte[] bytes) {
        return ((ShardPayload) decode(bytes, Kind.SHARD_PAYLOAD)).values();
    }

    public static byte[] encodeHandshake(HandshakeMessage message) {
        return encode(kind(message, HANDSHAKE), message, SMALL);
    }

    /** Whatever may be said before a connection is authenticated. */
    public static HandshakeMessage decodeHandshake(byte[] bytes) {
        return (HandshakeMessage) decode(bytes, HANDSHAKE);
    }

    private static Kind kind(Object message, Kind[] kinds) {
        for (Kind kind : kinds) {
            if (kind.type.isInstance(message)) {
                return kind;
            }
        }
        throw new IllegalStateException("there is no kind for " + message);
    }

    /** Whatever an executor may say. */
    public static DriverMessage decodeDriverMessage(byte[] bytes) {
        return (DriverMessage) decode(bytes, TO_DRIVER);
    }

    private static long bulk(FlatVector vector) {
        return (long) vector.size() * vector.precision().bytes();
    }

    private static byte[] encode(Kind kind, Object message, long expectedSize) {
        Output output =
                new Output((int) Math.min(expectedSize, WireFormat.LARGEST_MESSAGE), WireFormat.LARGEST_MESSAGE);
        output.writeByte(FORMAT);
        output.writeByte(kind.code);
        Kryo kryo = borrow();
        try {
            kryo.writeObject(output, message);
        } catch (RuntimeException e) {
            throw new ProtocolException("cannot encode a " + kind.type.getSimpleName() + ": " + e.getMessage(), e);
        } finally {
            IDLE.add(kryo);
        }
        return output.toBytes();
    }

    private static Object decode(byte[] bytes, Kind... expected) {
        Kind kind = kind(bytes, expected);
        Input input = new Input(bytes, HEADER, bytes.length - HEADER);
        Kryo kryo = borrow();
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
        return message;
    }

    private static Kind kind(byte[] bytes, Kind... expected) {
        if (bytes.length >= HEADER && bytes[0] == FORMAT) {
            for (Kind kind : expected) {
                if (bytes[1] == kind.code) {
                    return kind;
                }
            }
        }
        throw new ProtocolException(
                bytes.length + " bytes are not a " + expected[0].type.getSimpleName() + " of this version");
    }

    private static Kryo borrow() {
        Kryo kryo = IDLE.poll();
        return kryo != null ? kryo : create();
    }

    private static Kryo create() {
        Kryo kryo = new Kryo();
        kryo.setRegistrationRequired(true);
        kryo.setReferences(false);
        register(kryo, 20, Job.class, new JobSerializer());
        register(kryo, 21, BroadcastVector.class, new BroadcastVectorSerializer());
        register(kryo, 22, RangeRequest.class, new RangeRequestSerializer());
        register(kryo, 23, RangeResult.class, new RangeResultSerializer());
        register(kryo, 24, Failure.class, new FailureSerializer());
        register(kryo, 25, Program.class, new ProgramSerializer());
        register(kryo, 26, StopExecutor.class, new StopExecutorSerializer());
        register(kryo, 28, DriverMessage.WorkerStarted.class, new DriverMessageSerializers.OfWorkerStarted());
        register(kryo, 29, DriverMessage.Heartbeat.class, new DriverMessageSerializers.OfHeartbeat());
        register(kryo, 30, DriverMessage.RangeCompleted.class, new DriverMessageSerializers.OfRangeCompleted());
        register(kryo, 31, DriverMessage.JobRejected.class, new DriverMessageSerializers.OfJobRejected());
        register(kryo, 32, BroadcastShard.class, new ShardSerializers.OfBroadcastShard());
        register(kryo, 33, ReduceShardRequest.class, new ShardSerializers.OfReduceShardRequest());
        register(kryo, 34, DriverMessage.RangeRetained.class, new DriverMessageSerializers.OfRangeRetained());
        register(kryo, 35, DriverMessage.VectorMissing.class, new DriverMessageSerializers.OfVectorMissing());
        register(kryo, 36, DriverMessage.ShardReduced.class, new DriverMessageSerializers.OfShardReduced());
        register(kryo, 37, DriverMessage.ShardFailed.class, new DriverMessageSerializers.OfShardFailed());
        register(kryo, 38, PeerRequest.VectorShardRequest.class, new ShardSerializers.OfVectorShardRequest());
        register(kryo, 39, PeerRequest.SumShardRequest.class, new ShardSerializers.OfSumShardRequest());
        register(kryo, 40, ShardPayload.class, new ShardSerializers.OfShardPayload());
        register(kryo, 41, HandshakeMessage.WorkerHello.class, new HandshakeSerializers.OfWorkerHello());
        register(kryo, 42, HandshakeMessage.PeerHello.class, new HandshakeSerializers.OfPeerHello());
        register(kryo, 43, HandshakeMessage.Challenge.class, new HandshakeSerializers.OfChallenge());
        register(kryo, 44, HandshakeMessage.Proof.class, new HandshakeSerializers.OfProof());
        return kryo;
    }

    private static <T> void register(Kryo kryo, int id, Class<T> type, Serializer<T> serializer) {
        kryo.register(type, serializer, id);
    }
}
