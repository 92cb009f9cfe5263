package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Storage;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Messages to bytes and back; the same on the driver and on executors. Every encoding begins with a byte for the format
 * and one for the message. Decoding reads at most what is there and allocates in proportion to it; whatever is wrong
 * with the bytes is a {@link WireException}. Thread-safe.
 *
 * <p>What an order runs with goes apart from the order, so that a worker that serves many orders of a round is sent θ
 * once.
 */
public final class Wire {
    private static final int FORMAT = 3;
    private static final int HEADER = 2;
    /** Room for what is not bulk numbers; an output grows beyond it by itself. */
    private static final int SMALL = 4096;

    /** The messages, each with the byte that announces it. */
    private enum Kind {
        JOB(1, Job.class),
        SHARED(2, SharedVector.class),
        ORDER(3, WorkOrder.class),
        REPLY(4, WorkReply.class),
        FAILURE(5, Failure.class),
        CLOSED(6, Closed.class),
        LENT(8, ToDriver.Lent.class),
        PRESENT(9, ToDriver.Present.class),
        ANSWERED(10, ToDriver.Answered.class),
        REFUSED(11, ToDriver.Refused.class),
        VECTOR_SLICE(12, VectorSlice.class),
        FOLD_ORDER(13, FoldOrder.class),
        KEPT(14, ToDriver.Kept.class),
        LACKS(15, ToDriver.Lacks.class),
        FOLDED(16, ToDriver.Folded.class),
        NOT_FOLDED(17, ToDriver.NotFolded.class),
        OF_VECTOR(18, ToPeer.OfVector.class),
        OF_SUMS(19, ToPeer.OfSums.class),
        NUMBERS(20, Numbers.class),
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
        Kind.ANSWERED, Kind.PRESENT, Kind.LENT, Kind.REFUSED, Kind.KEPT, Kind.LACKS, Kind.FOLDED, Kind.NOT_FOLDED
    };

    private static final Kind[] TO_PEER = {Kind.OF_VECTOR, Kind.OF_SUMS};

    private static final Kind[] HANDSHAKE = {Kind.WORKER_HELLO, Kind.PEER_HELLO, Kind.CHALLENGE, Kind.PROOF};

    /** A Kryo serves one thread at a time and is costly to make. */
    private static final ConcurrentLinkedQueue<Kryo> IDLE = new ConcurrentLinkedQueue<>();

    private Wire() {}

    public static byte[] encodeJob(Job job) {
        return encode(Kind.JOB, job, SMALL);
    }

    /** The job, its programs verified again and equal to what was encoded. */
    public static Job decodeJob(byte[] bytes) {
        return (Job) decode(bytes, Kind.JOB);
    }

    public static byte[] encodeShared(SharedVector shared) {
        return encode(Kind.SHARED, shared, bulk(shared.values()) + 64);
    }

    public static SharedVector decodeShared(byte[] bytes) {
        return (SharedVector) decode(bytes, Kind.SHARED);
    }

    public static byte[] encodeOrder(WorkOrder order) {
        return encode(Kind.ORDER, order, SMALL);
    }

    public static WorkOrder decodeOrder(byte[] bytes) {
        return (WorkOrder) decode(bytes, Kind.ORDER);
    }

    public static byte[] encodeAnswer(Answer answer) {
        return encode(answer instanceof WorkReply ? Kind.REPLY : Kind.FAILURE, answer, size(answer));
    }

    private static long size(Answer answer) {
        long size = SMALL;
        if (answer instanceof WorkReply reply) {
            size += (long) reply.rows().length * Double.BYTES;
            for (FoldNode node : reply.nodes()) {
                size += bulk(node.sums());
            }
        }
        return size;
    }

    public static Answer decodeAnswer(byte[] bytes) {
        return (Answer) decode(bytes, Kind.REPLY, Kind.FAILURE);
    }

    public static byte[] encodeClosed() {
        return encode(Kind.CLOSED, new Closed(), SMALL);
    }

    public static byte[] encodeSlice(VectorSlice slice) {
        return encode(Kind.VECTOR_SLICE, slice, SMALL + bulk(slice.values()));
    }

    public static byte[] encodeFoldOrder(FoldOrder order) {
        return encode(Kind.FOLD_ORDER, order, SMALL);
    }

    /** Whatever an executor may be told: a job, a vector or its slice, an order, or that the run is over. */
    public static ToWorker decodeToWorker(byte[] bytes) {
        return (ToWorker)
                decode(bytes, Kind.ORDER, Kind.SHARED, Kind.VECTOR_SLICE, Kind.FOLD_ORDER, Kind.JOB, Kind.CLOSED);
    }

    public static byte[] encodeToDriver(ToDriver message) {
        long size = SMALL;
        if (message instanceof ToDriver.Answered answered) {
            size = size(answered.answer());
        } else if (message instanceof ToDriver.Folded folded) {
            size += bulk(folded.sums());
        }
        return encode(kind(message, TO_DRIVER), message, size);
    }

    public static byte[] encodeToPeer(ToPeer message) {
        return encode(kind(message, TO_PEER), message, SMALL);
    }

    /** Whatever an executor may ask another one for. */
    public static ToPeer decodeToPeer(byte[] bytes) {
        return (ToPeer) decode(bytes, TO_PEER);
    }

    /** What an executor answers another one. */
    public static byte[] encodeNumbers(Storage numbers) {
        return encode(Kind.NUMBERS, new Numbers(numbers), SMALL + bulk(numbers));
    }

    public static Storage decodeNumbers(byte[] bytes) {
        return ((Numbers) decode(bytes, Kind.NUMBERS)).values();
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
    public static ToDriver decodeToDriver(byte[] bytes) {
        return (ToDriver) decode(bytes, TO_DRIVER);
    }

    private static long bulk(Storage storage) {
        return (long) storage.size() * storage.precision().bytes();
    }

    private static byte[] encode(Kind kind, Object message, long expectedSize) {
        Output output = new Output((int) Math.min(expectedSize, Parts.LARGEST_MESSAGE), Parts.LARGEST_MESSAGE);
        output.writeByte(FORMAT);
        output.writeByte(kind.code);
        Kryo kryo = borrow();
        try {
            kryo.writeObject(output, message);
        } catch (RuntimeException e) {
            throw new WireException("cannot encode a " + kind.type.getSimpleName() + ": " + e.getMessage(), e);
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
            throw new WireException("a " + kind.type.getSimpleName() + " of " + bytes.length + " bytes is damaged", e);
        } finally {
            IDLE.add(kryo);
        }
        if (input.position() != input.limit()) {
            throw new WireException("a " + kind.type.getSimpleName() + " of " + bytes.length + " bytes ends at byte "
                    + input.position());
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
        throw new WireException(
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
        register(kryo, 21, SharedVector.class, new SharedVectorSerializer());
        register(kryo, 22, WorkOrder.class, new WorkOrderSerializer());
        register(kryo, 23, WorkReply.class, new WorkReplySerializer());
        register(kryo, 24, Failure.class, new FailureSerializer());
        register(kryo, 25, Program.class, new ProgramSerializer());
        register(kryo, 26, Closed.class, new ClosedSerializer());
        register(kryo, 28, ToDriver.Lent.class, new ToDriverSerializers.OfLent());
        register(kryo, 29, ToDriver.Present.class, new ToDriverSerializers.OfPresent());
        register(kryo, 30, ToDriver.Answered.class, new ToDriverSerializers.OfAnswered());
        register(kryo, 31, ToDriver.Refused.class, new ToDriverSerializers.OfRefused());
        register(kryo, 32, VectorSlice.class, new SliceSerializers.OfVectorSlice());
        register(kryo, 33, FoldOrder.class, new SliceSerializers.OfFoldOrder());
        register(kryo, 34, ToDriver.Kept.class, new ToDriverSerializers.OfKept());
        register(kryo, 35, ToDriver.Lacks.class, new ToDriverSerializers.OfLacks());
        register(kryo, 36, ToDriver.Folded.class, new ToDriverSerializers.OfFolded());
        register(kryo, 37, ToDriver.NotFolded.class, new ToDriverSerializers.OfNotFolded());
        register(kryo, 38, ToPeer.OfVector.class, new SliceSerializers.ToPeerOfVector());
        register(kryo, 39, ToPeer.OfSums.class, new SliceSerializers.ToPeerOfSums());
        register(kryo, 40, Numbers.class, new SliceSerializers.OfNumbers());
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
