package dev.kindling.driver.fuzz;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.job.executor.FrameSizeLimiter;
import dev.kindling.job.executor.PendingConnections;
import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.protocol.codec.ProtocolException;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.spark.network.protocol.MessageDecoder;
import org.apache.spark.network.protocol.RequestMessage;
import org.apache.spark.network.util.NettyUtils;

/** Encodes valid messages between drivers and executors, and decodes the bytes of an unauthenticated connection. */
final class Frames {
    private static final byte RPC_REQUEST = 3;
    private static final byte ONE_WAY = 9;
    private static final long LARGEST = PendingConnections.Limits.STANDARD.frame();
    private static final TaskSpec SPEC = new TaskSpec(Split.TRAIN, 70_000, 8, -1L, new int[] {0, -5, 300});
    private static final FlatVector NUMBERS = FlatVector.of(Precision.FLOAT, 1, Double.NaN, -0.0, 4);

    private Frames() {}

    private static RangeRequest rangeRequest() {
        return new RangeRequest("train", 7, 9, 8, List.of(SPEC, SPEC), OutputMode.PER_TASK);
    }

    private static RangeResult rangeResult() {
        return new RangeResult(
                8,
                List.of(
                        new PartialSum(1, 2, NUMBERS, new double[] {0.1}, 8),
                        new PartialSum(0, 6, FlatVector.of(Precision.DOUBLE, 1e-300, 2, 3), new double[] {7}, 0)),
                List.of(new FailedTask(5, 11, "query_loss is NaN")),
                new double[] {1, Double.POSITIVE_INFINITY},
                "3.14",
                new RangeResult.Nanos(12, 1L << 50, 0, 1L << 51, new long[] {0, 1L << 40}));
    }

    private static Failure failure() {
        return new Failure(Failure.Kind.BAD_DATA, "x.zip is empty");
    }

    private static PeerAccess access(String host, int port) {
        return new PeerAccess(new Peer(host, port), "00ff");
    }

    /** The messages to workers other than jobs. */
    static List<byte[]> executorMessages() {
        List<PeerAccess> peers = List.of(access("a", 1), access("b.c", 40_000));
        return List.of(
                MessageCodec.encodeRangeRequest(rangeRequest()),
                MessageCodec.encodeRangeRequest(rangeRequest().with(RangeRequest.SumLocation.RETAINED)),
                MessageCodec.encodeBroadcastVector(new BroadcastVector(42, NUMBERS)),
                MessageCodec.encodeBroadcastShard(
                        new BroadcastShard(8, 7, 1, FlatVector.of(Precision.FLOAT, 1, 2, 3, 4), peers)),
                MessageCodec.encodeReduceShardRequest(new ReduceShardRequest(
                        8,
                        5,
                        new VectorShard(2, 3),
                        List.of(new ReduceShardRequest.Source(
                                access("a", 1),
                                0,
                                List.of(
                                        new ReduceShardRequest.NodeHeader(1, 0, 8),
                                        new ReduceShardRequest.NodeHeader(0, 2, 0)))))),
                MessageCodec.encodeStopExecutor());
    }

    static List<byte[]> driverMessages() {
        return Stream.of(
                        new DriverMessage.WorkerStarted(1L << 40, "GPU 1"),
                        new DriverMessage.Heartbeat(3),
                        new DriverMessage.RangeCompleted(-1, 8, rangeResult()),
                        new DriverMessage.RangeCompleted(5, 0, failure()),
                        new DriverMessage.JobRejected(failure()),
                        new DriverMessage.RangeRetained(-1, rangeResult().withoutSums()),
                        new DriverMessage.VectorMissing(1L << 40),
                        new DriverMessage.ShardReduced(9, 2, NUMBERS),
                        new DriverMessage.ShardFailed(9, 2, "no connection"))
                .map(MessageCodec::encodeDriverMessage)
                .toList();
    }

    static List<byte[]> peerRequests() {
        return List.of(
                MessageCodec.encodePeerRequest(new PeerRequest.VectorShardRequest(7)),
                MessageCodec.encodePeerRequest(new PeerRequest.SumShardRequest(7, 24, new VectorShard(1, 3))));
    }

    static List<byte[]> shardPayloads() {
        return List.of(
                MessageCodec.encodeShardPayload(NUMBERS),
                MessageCodec.encodeShardPayload(FlatVector.of(Precision.DOUBLE, 0.1, -0.0)));
    }

    static List<byte[]> rangeOutcomes() {
        return List.of(MessageCodec.encodeOutcome(rangeResult()), MessageCodec.encodeOutcome(failure()));
    }

    static List<byte[]> handshakes() {
        return Stream.of(
                        new HandshakeMessage.WorkerHello(3, 1L << 40, "17", "0123abc", Optional.empty()),
                        new HandshakeMessage.WorkerHello(3, -1, "17", "", Optional.of(new Peer("h-1", 65_535))),
                        new HandshakeMessage.PeerHello("17", "0123abc"),
                        new HandshakeMessage.Challenge("0123abc", "4567"),
                        new HandshakeMessage.Proof("0123abc"))
                .map(MessageCodec::encodeHandshake)
                .toList();
    }

    /** Jobs with loops, with second derivatives, and with neither. */
    static List<byte[]> jobs() {
        return Stream.of("sinusoid-maml", "sinusoid-imaml", "sinusoid-cnp")
                .map(Frames::job)
                .toList();
    }

    private static byte[] job(String name) {
        var hadoop = new org.apache.hadoop.conf.Configuration();
        Settings settings = SettingsReader.read(JobConfig.load(Path.of("../conf", name + ".conf"), List.of()), hadoop);
        return MessageCodec.encodeJob(
                TrainingPlan.of(settings.plan(), settings.source(), TaskSources.open(settings.source(), hadoop))
                        .job());
    }

    /** The bytes of connections to the driver, before authentication and after it. */
    static List<byte[]> connections() {
        List<byte[]> requests = handshakes().stream()
                .map(message -> request(RPC_REQUEST, message))
                .toList();
        List<byte[]> messages = driverMessages().stream()
                .map(message -> request(ONE_WAY, message))
                .toList();
        return List.of(joined(requests), joined(List.of(requests.get(0), requests.get(4), messages.get(0))));
    }

    /** A frame as Spark's transport encodes it. */
    private static byte[] request(byte type, byte[] message) {
        int head = Long.BYTES + 1 + (type == RPC_REQUEST ? Long.BYTES : 0) + Integer.BYTES;
        ByteBuffer frame = ByteBuffer.allocate(head + message.length)
                .putLong(head + message.length)
                .put(type);
        if (type == RPC_REQUEST) {
            frame.putLong(77);
        }
        return frame.putInt(message.length).put(message).array();
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteBuffer all =
                ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
        parts.forEach(all::put);
        return all.array();
    }

    /**
     * Decodes the bytes as a server does, which receives them in pieces.
     *
     * @throws ProtocolException if the server would close the connection
     */
    static void receive(byte[] bytes) throws IOException {
        AtomicReference<String> refused = new AtomicReference<>();
        EmbeddedChannel channel = new EmbeddedChannel(
                new FrameSizeLimiter(LARGEST, FrameSizeLimiter.TO_SERVER, refused::set),
                NettyUtils.createFrameDecoder(),
                MessageDecoder.INSTANCE);
        try {
            int piece = 1 + bytes.length / 3;
            for (int from = 0; from < bytes.length && channel.isOpen(); from += piece) {
                channel.writeInbound(
                        Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + piece))));
            }
            for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
                decode((RequestMessage) message);
            }
        } finally {
            channel.finishAndReleaseAll();
        }
        if (refused.get() != null) {
            throw new ProtocolException(refused.get());
        }
    }

    private static void decode(RequestMessage message) throws IOException {
        ByteBuffer body = message.body().nioByteBuffer();
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        message.body().release();
        if (message.type().id() == RPC_REQUEST) {
            MessageCodec.decodeHandshake(bytes);
        } else {
            MessageCodec.decodeDriverMessage(bytes);
        }
    }
}
