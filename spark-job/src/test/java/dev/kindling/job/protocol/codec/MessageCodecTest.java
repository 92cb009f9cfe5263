package dev.kindling.job.protocol.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.StopExecutor;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MessageCodecTest {
    private static final int DAMAGES = 3000;

    /** One value of every type of attributes, a repeat within a repeat's step among them. */
    private static Program everything() {
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(3, 4), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.of(5, 4), Program.Scope.TASK);
        Value y = b.matmul(x, w, false, true);
        Value padded = b.pad(b.slice(b.transpose(y, 1, 0), 0, 1, 3), 1, 2, 1);
        Value picked = b.scatterAdd(b.iota(2), b.gather(padded, b.iota(2)), 6);
        Value odd = b.add(b.reshape(picked, Shape.of(48)), b.constant(0.1 + 0.2));
        Value hot = b.oneHot(b.argmax(y), 3);
        Value windows = b.windowSum(b.reshape(w, Shape.of(1, 3, 4, 1)), new Window(3, 4, 2, 3, 2, 1, 1, 2, 2, 4));
        List<Value> results = b.loop(
                new Attributes.Loop(step(inner()), 4, true, 1, 0, 1, false),
                List.of(b.constant(3), b.sumAll(b.add(odd, b.sumAll(windows))), b.mean(hot, 0, 1)));
        return b.build(
                "everything",
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.mul(w, results.get(0))),
                        new Program.Output("losses", Program.Reduction.PER_TASK, results.get(1)),
                        new Program.Output("steps", Program.Reduction.PER_TASK, results.get(2))));
    }

    private static Program inner() {
        ProgramBuilder b = new ProgramBuilder();
        Value carry = b.input("carry", Shape.scalar(), Program.Scope.LOOP);
        return b.build(
                "inner",
                List.of(
                        new Program.Output("next", Program.Reduction.LOOP, b.mul(carry, b.constant(0.5))),
                        new Program.Output("stop", Program.Reduction.LOOP, b.greater(b.constant(1e-3), carry))));
    }

    private static Program step(Program inner) {
        ProgramBuilder b = new ProgramBuilder();
        Value carry = b.input("carry", Shape.scalar(), Program.Scope.LOOP);
        Value fixed = b.input("fixed", Shape.scalar(), Program.Scope.LOOP);
        Value last = b.loop(
                        new Attributes.Loop(inner, 7, false, 1, 0, 0, true),
                        List.of(b.constant(7), b.add(carry, fixed)))
                .get(0);
        return b.build(
                "step",
                List.of(
                        new Program.Output("next", Program.Reduction.LOOP, last),
                        new Program.Output("seen", Program.Reduction.LOOP, b.tanh(last))));
    }

    /** A program for tasks of so many examples, whose sums have the given length. */
    private static Program ofExamples(int count, int sums) {
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(sums), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.of(count), Program.Scope.TASK);
        Value loss = b.sumAll(b.square(x));
        return b.build(
                "examples",
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.mul(w, loss)),
                        new Program.Output("loss", Program.Reduction.PER_TASK, loss)));
    }

    private static Job job(Program program) {
        return new Job(
                new SourceDescription("sinusoid", new TreeMap<>()),
                "reference",
                new CompileOptions(Precision.FLOAT, 1),
                1,
                new TreeMap<>(Map.of("p", ProgramVariants.of(program))));
    }

    private static Job job() {
        return new Job(
                new SourceDescription("sinusoid", new TreeMap<>(Map.of("input", "[-5.0, 5.0]", "sign", "größer ±"))),
                "reference",
                new CompileOptions(Precision.FLOAT, 1L << 40),
                4,
                new TreeMap<>(Map.of(
                        "train",
                        ProgramVariants.of(everything()),
                        "evaluate",
                        ProgramVariants.of(step(inner())),
                        "shapes",
                        new ProgramVariants(List.of(ofExamples(3, 1), ofExamples(2, 1), ofExamples(7, 1)), 5))));
    }

    private static RangeRequest request() {
        return new RangeRequest(
                "train",
                Long.MIN_VALUE,
                9,
                8,
                List.of(
                        new TaskSpec(Split.TRAIN, 70_000, 8, -1L, new int[0]),
                        new TaskSpec(Split.TEST, -1, 9, 17L, new int[] {0, -5, Integer.MAX_VALUE})),
                OutputMode.PER_TASK);
    }

    private static RangeResult result() {
        return new RangeResult(
                8,
                List.of(
                        new PartialSum(
                                1, 2, FlatVector.of(Precision.FLOAT, 1, Double.NaN, -0.0), new double[] {0.1}, 8),
                        new PartialSum(0, 6, FlatVector.of(Precision.DOUBLE, 1e-300, 2, 3), new double[] {7}, 0)),
                List.of(new FailedTask(5, 11, "query_loss is NaN")),
                new double[] {1, Double.POSITIVE_INFINITY},
                "3.14",
                new RangeResult.Nanos(12, 1L << 50, 0, 1L << 51, new long[] {0, 1L << 40}));
    }

    private static BroadcastVector shared(Precision precision, int size) {
        FlatVector values = FlatVector.zeros(precision, size);
        for (int i = 0; i < size; i++) {
            values.set(i, Math.sin(i) * 1e10);
        }
        return new BroadcastVector(42, values);
    }

    private static BroadcastShard shard() {
        return new BroadcastShard(
                8, 7, 1, FlatVector.of(Precision.FLOAT, 1, 2, 3, 4), List.of(access("a", 1), access("b.c", 40_000)));
    }

    private static PeerAccess access(String host, int port) {
        return new PeerAccess(new Peer(host, port), "00ff");
    }

    private static ReduceShardRequest reduceRequest() {
        return new ReduceShardRequest(
                8,
                5,
                new VectorShard(2, 3),
                List.of(
                        new ReduceShardRequest.Source(
                                access("a", 1),
                                0,
                                List.of(
                                        new ReduceShardRequest.NodeHeader(1, 0, 8),
                                        new ReduceShardRequest.NodeHeader(0, 2, 0))),
                        new ReduceShardRequest.Source(
                                access("b", 2), 12, List.of(new ReduceShardRequest.NodeHeader(1, 1, 7)))));
    }

    static Stream<Arguments> messages() {
        return Stream.of(
                row("job", MessageCodec.encodeJob(job()), MessageCodec::decodeJob, job()),
                row("order", MessageCodec.encodeRangeRequest(request()), MessageCodec::decodeRangeRequest, request()),
                row("reply", MessageCodec.encodeOutcome(result()), MessageCodec::decodeOutcome, result()),
                row(
                        "failure",
                        MessageCodec.encodeOutcome(new Failure(Failure.Kind.BAD_DATA, "x.zip is empty")),
                        MessageCodec::decodeOutcome,
                        new Failure(Failure.Kind.BAD_DATA, "x.zip is empty")),
                row(
                        "order to a worker",
                        MessageCodec.encodeRangeRequest(request()),
                        MessageCodec::decodeExecutorMessage,
                        request()),
                handshake("hello", new HandshakeMessage.WorkerHello(3, 1L << 40, "17", "0123abc", Optional.empty())),
                handshake(
                        "hello of a worker with a port",
                        new HandshakeMessage.WorkerHello(3, -1, "17", "", Optional.of(new Peer("h-1", 65_535)))),
                handshake("hello of a peer", new HandshakeMessage.PeerHello("17", "0123abc")),
                handshake("challenge", new HandshakeMessage.Challenge("0123abc", "4567")),
                handshake("proof", new HandshakeMessage.Proof("0123abc")),
                toDriver("retained", new DriverMessage.RangeRetained(-1, result().withoutSums())),
                toDriver("lacks", new DriverMessage.VectorMissing(1L << 40)),
                toDriver(
                        "folded",
                        new DriverMessage.ShardReduced(9, 2, FlatVector.of(Precision.FLOAT, 1, Double.NaN, -0.0))),
                toDriver("not folded", new DriverMessage.ShardFailed(9, 2, "no connection")),
                row(
                        "vector slice",
                        MessageCodec.encodeBroadcastShard(shard()),
                        MessageCodec::decodeExecutorMessage,
                        shard()),
                row(
                        "fold order",
                        MessageCodec.encodeReduceShardRequest(reduceRequest()),
                        MessageCodec::decodeExecutorMessage,
                        reduceRequest()),
                row(
                        "question for a vector",
                        MessageCodec.encodePeerRequest(new PeerRequest.VectorShardRequest(7)),
                        MessageCodec::decodePeerRequest,
                        new PeerRequest.VectorShardRequest(7)),
                row(
                        "question for sums",
                        MessageCodec.encodePeerRequest(new PeerRequest.SumShardRequest(7, 24, new VectorShard(1, 3))),
                        MessageCodec::decodePeerRequest,
                        new PeerRequest.SumShardRequest(7, 24, new VectorShard(1, 3))),
                row(
                        "numbers",
                        MessageCodec.encodeShardPayload(FlatVector.of(Precision.DOUBLE, 0.1, -0.0)),
                        MessageCodec::decodeShardPayload,
                        FlatVector.of(Precision.DOUBLE, 0.1, -0.0)),
                row(
                        "request that retains sums",
                        MessageCodec.encodeRangeRequest(request().with(RangeRequest.SumLocation.RETAINED)),
                        MessageCodec::decodeRangeRequest,
                        request().with(RangeRequest.SumLocation.RETAINED)),
                toDriver("worker started", new DriverMessage.WorkerStarted(1L << 40, "GPU 1")),
                toDriver("present", new DriverMessage.Heartbeat(3)),
                toDriver("answered", new DriverMessage.RangeCompleted(-1, 8, result())),
                toDriver(
                        "answered with a failure",
                        new DriverMessage.RangeCompleted(
                                5, 0, new Failure(Failure.Kind.RETRYABLE, "the disk is full"))),
                toDriver(
                        "refused", new DriverMessage.JobRejected(new Failure(Failure.Kind.BAD_DATA, "x.zip is empty"))),
                row(
                        "empty vector",
                        MessageCodec.encodeBroadcastVector(shared(Precision.FLOAT, 0)),
                        MessageCodec::decodeBroadcastVector,
                        shared(Precision.FLOAT, 0)),
                row(
                        "floats",
                        MessageCodec.encodeBroadcastVector(shared(Precision.FLOAT, 40_001)),
                        MessageCodec::decodeBroadcastVector,
                        shared(Precision.FLOAT, 40_001)),
                row(
                        "doubles",
                        MessageCodec.encodeBroadcastVector(shared(Precision.DOUBLE, 20_003)),
                        MessageCodec::decodeBroadcastVector,
                        shared(Precision.DOUBLE, 20_003)));
    }

    private static Arguments toDriver(String name, DriverMessage message) {
        return row(name, MessageCodec.encodeDriverMessage(message), MessageCodec::decodeDriverMessage, message);
    }

    private static Arguments handshake(String name, HandshakeMessage message) {
        return row(name, MessageCodec.encodeHandshake(message), MessageCodec::decodeHandshake, message);
    }

    private static Arguments row(String name, byte[] bytes, Function<byte[], Object> decode, Object expected) {
        return Arguments.of(name, bytes, decode, expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void whatCrossesComesBackEqual(String name, byte[] bytes, Function<byte[], Object> decode, Object expected) {
        assertThat(decode.apply(bytes)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void everyTruncationAndEveryTailIsRefused(
            String name, byte[] bytes, Function<byte[], Object> decode, Object expected) {
        int step = Math.max(1, bytes.length / 1500);
        for (int length = 0; length < bytes.length; length += step) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> decode.apply(cut)).isInstanceOf(ProtocolException.class);
        }
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        assertThatThrownBy(() -> decode.apply(longer)).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void damagedBytesGiveAMessageOrAWireException(
            String name, byte[] bytes, Function<byte[], Object> decode, Object expected) {
        Random random = new Random(7);
        byte[] small = bytes.length > 5000 ? Arrays.copyOf(bytes, 5000) : bytes;
        for (int i = 0; i < DAMAGES; i++) {
            byte[] damaged = small.clone();
            for (int hits = 1 + random.nextInt(4); hits > 0; hits--) {
                damaged[2 + random.nextInt(damaged.length - 2)] = (byte) (random.nextBoolean() ? -1 : random.nextInt());
            }
            decodeAnyhow(decode, damaged);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void garbageGivesAMessageOrAWireException(
            String name, byte[] bytes, Function<byte[], Object> decode, Object expected) {
        Random random = new Random(11);
        for (int i = 0; i < DAMAGES; i++) {
            byte[] garbage = new byte[2 + random.nextInt(200)];
            random.nextBytes(garbage);
            garbage[0] = bytes[0];
            garbage[1] = bytes[1];
            decodeAnyhow(decode, garbage);
        }
    }

    private static void decodeAnyhow(Function<byte[], Object> decode, byte[] bytes) {
        try {
            assertThat(decode.apply(bytes)).isNotNull();
        } catch (ProtocolException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }

    @Test
    void aMessageWithoutContentComesBackToo() {
        assertThat(MessageCodec.decodeExecutorMessage(MessageCodec.encodeStopExecutor()))
                .isEqualTo(new StopExecutor());
    }

    @Test
    void oneMessageIsNotTakenForAnother() {
        byte[] order = MessageCodec.encodeRangeRequest(request());
        assertThatThrownBy(() -> MessageCodec.decodeJob(order)).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> MessageCodec.decodeOutcome(order)).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> MessageCodec.decodeBroadcastVector(new byte[0]))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void aProgramComesBackWithItsPrintedFormAndTheOrderOfItsValues() {
        Program before = everything();
        Program after = MessageCodec.decodeJob(MessageCodec.encodeJob(job()))
                .program("train")
                .first();
        assertThat(after.toString()).isEqualTo(before.toString());
        assertThat(after.values().stream().map(Value::op).toList())
                .isEqualTo(before.values().stream().map(Value::op).toList());
    }

    @Test
    void variantsThatAreNotOneProgramAreRefusedWhenMade() {
        for (List<Program> programs : List.of(
                List.<Program>of(),
                List.of(ofExamples(3, 1), ofExamples(3, 1)),
                List.of(ofExamples(3, 1), ofExamples(2, 4)),
                List.of(ofExamples(3, 1), step(inner())))) {
            assertThatThrownBy(() -> new ProgramVariants(programs)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new ProgramVariants(List.of(ofExamples(3, 1), ofExamples(2, 4))))
                .hasMessage("variants of program examples differ in broadcast inputs: {w[1]} and {w[4]}");
    }

    @Test
    void variantsThatAreNotOneProgramAreRefusedWhenReceived() {
        byte[] three = MessageCodec.encodeJob(job(ofExamples(3, 1)));
        byte[] good = spliced(three, MessageCodec.encodeJob(job(ofExamples(2, 1))));
        assertThat(MessageCodec.decodeJob(good).program("p").programs())
                .containsExactly(ofExamples(3, 1), ofExamples(2, 1));
        byte[] bad = spliced(three, MessageCodec.encodeJob(job(ofExamples(2, 4))));
        assertThatThrownBy(() -> MessageCodec.decodeJob(bad))
                .isInstanceOf(ProtocolException.class)
                .hasRootCauseMessage("variants of program examples differ in broadcast inputs: {w[1]} and {w[4]}");
    }

    /** A job of one program, with that of another job as a second variant. */
    private static byte[] spliced(byte[] job, byte[] other) {
        // The counts of members and variants follow the program's name, which is of one letter.
        int count = new String(job, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("\u0001p\u0001\u0001") + 3;
        byte[] both = Arrays.copyOf(job, job.length + other.length - count - 1);
        both[count] = 2;
        System.arraycopy(other, count + 1, both, job.length, other.length - count - 1);
        return both;
    }

    @Test
    void theProgramOfTheseTestsHasEveryTypeOfAttributes() {
        Set<Class<?>> seen = new HashSet<>();
        everything().values().forEach(value -> seen.add(value.attributes().getClass()));
        assertThat(seen).containsExactlyInAnyOrder(Attributes.class.getPermittedSubclasses());
    }

    @Test
    void aValueThatABuilderWouldSimplifyIsNotSimplified() {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.scalar(), Program.Scope.TASK);
        Value twice = new dev.kindling.job.program.VerbatimBuilder().value(Op.NEG, List.of(x), new Attributes.None());
        assertThat(twice.op()).isEqualTo(Op.NEG);
    }

    @Test
    void aFailureKeepsTheTypeAndSentenceOfItsException() {
        for (RuntimeException exception : List.of(
                new BadDataException("x.zip is empty"),
                new IllegalArgumentException("few-shot.ways is 0"),
                new BackendUnavailableException("no vector module"))) {
            Failure failure = Failure.of(exception).orElseThrow();
            assertThat(failure.exception()).hasSameClassAs(exception).hasMessage(exception.getMessage());
        }
        assertThat(Failure.of(new IllegalStateException("a bug"))).isEmpty();
    }
}
