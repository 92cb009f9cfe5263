package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.StopExecutor;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.runner.ShardCollectives;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** An executor without a JVM of its own, that does with each order what a test says. Answers on the driver's thread. */
final class FakeExecutor implements ExecutorConnection {
    /** What it does with an order. */
    enum Deed {
        ANSWER,
        ANSWER_TWICE,
        /** Nothing, ever, but it stays connected. */
        FREEZE,
        /** Its JVM dies. */
        DIE,
        /** Something breaks that may work elsewhere. */
        FAIL,
        /** Its data is broken. */
        NO_DATA,
        /** Sums that are not those of the order. */
        LIE,
        /** Sums that are as many times too large as {@link #EXAGGERATION} says. */
        EXAGGERATE
    }

    /** What it does with its part of an exchange. */
    enum Trade {
        HONEST,
        /** Does not get the vector together. */
        NO_VECTOR,
        /** Cannot fold its slice. */
        NO_SLICE,
        /** Folds a number too few. */
        SHORT_SLICE,
        /** Folds what others were asked for. */
        OTHER_SLICE,
        /** Says nothing of its slice, but stays connected. */
        FREEZE,
        /** Its JVM dies when it is to fold. */
        DIE,
        /** Does not get the vector together, and says so when the test wants it. */
        NO_VECTOR_IN_TIME
    }

    /** Executors that can reach each other, and what each does with the next part of an exchange that it gets. */
    static final class Neighbourhood {
        private final Map<Peer, FakeExecutor> executors = new HashMap<>();
        private Function<FakeExecutor, Trade> trades = executor -> Trade.HONEST;

        void trading(Function<FakeExecutor, Trade> trades) {
            this.trades = trades;
        }

        private CompletableFuture<FlatVector> ask(
                Peer peer, Function<ShardStore, CompletableFuture<FlatVector>> question) {
            FakeExecutor asked = executors.get(peer);
            return asked.connected
                    ? question.apply(asked.store)
                    : CompletableFuture.failedFuture(new IllegalStateException("no connection to " + peer));
        }
    }

    private static final double EXAGGERATION = 1e12;

    private final String name;
    private final ExecutorEvents events;
    private final Supplier<Deed> deeds;
    private final Optional<Neighbourhood> neighbours;
    private final ShardStore store = new ShardStore();
    private final List<ReduceShardRequest> folds = new ArrayList<>();
    private final List<RangeRequest> waiting = new ArrayList<>();
    private final List<RangeRequest> requests = new ArrayList<>();
    private CompiledJob compiled;
    private BroadcastVector vector;
    private boolean connected;
    private boolean closed;
    private int wholeVectors;
    /** The vector that it has yet to say it did not get. */
    private long missed;

    FakeExecutor(String name, ExecutorEvents events, Supplier<Deed> deeds) {
        this(name, events, deeds, Optional.empty());
    }

    /** One that others can reach. */
    FakeExecutor(String name, ExecutorEvents events, Supplier<Deed> deeds, Neighbourhood neighbours) {
        this(name, events, deeds, Optional.of(neighbours));
        neighbours.executors.put(peer().orElseThrow(), this);
    }

    private FakeExecutor(String name, ExecutorEvents events, Supplier<Deed> deeds, Optional<Neighbourhood> neighbours) {
        this.name = name;
        this.events = events;
        this.deeds = deeds;
        this.neighbours = neighbours;
    }

    /** Says at last which vector it did not get. */
    void complain() {
        send(new DriverMessage.VectorMissing(missed));
    }

    /** The slices it was asked to fold. */
    List<ReduceShardRequest> folds() {
        return folds;
    }

    /** How often the driver has sent it a whole vector. */
    int wholeVectors() {
        return wholeVectors;
    }

    /** Connects with one thread. */
    FakeExecutor join() {
        connected = true;
        events.put(new ExecutorEvents.ExecutorRegistered(this));
        return this;
    }

    /** The orders it began. */
    List<RangeRequest> orders() {
        return requests;
    }

    boolean closed() {
        return closed;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String host() {
        return "host-of-" + name;
    }

    @Override
    public PeerAccess peerAccessFor(ExecutorConnection other) {
        return new PeerAccess(peer().orElseThrow(), "");
    }

    @Override
    public Optional<Peer> peer() {
        return neighbours.map(all -> new Peer(name, 1));
    }

    private void send(DriverMessage message) {
        int bytes = message instanceof DriverMessage.RangeCompleted ? 100 : 10;
        events.put(new ExecutorEvents.MessageReceived(this, message, bytes, System.nanoTime()));
    }

    @Override
    public void send(byte[] message) {
        ExecutorMessage told = MessageCodec.decodeExecutorMessage(message);
        if (!connected) {
            return;
        }
        if (told instanceof Job job) {
            compiled = CompiledJob.open(job, new Configuration(false));
            send(new DriverMessage.Heartbeat(1));
        } else if (told instanceof BroadcastVector shared) {
            wholeVectors++;
            take(shared);
        } else if (told instanceof BroadcastShard slice) {
            gather(slice);
        } else if (told instanceof ReduceShardRequest order) {
            fold(order);
        } else if (told instanceof RangeRequest order) {
            take(order);
        } else if (told instanceof StopExecutor) {
            closed = true;
        }
    }

    private void take(BroadcastVector shared) {
        vector = shared;
        store.begin(shared.version());
        List<RangeRequest> ready = new ArrayList<>(waiting);
        waiting.clear();
        ready.stream().filter(request -> request.shared() >= shared.version()).forEach(this::take);
    }

    private Trade trade() {
        return neighbours.orElseThrow().trades.apply(this);
    }

    private void gather(BroadcastShard mine) {
        store.begin(mine.version());
        store.put(mine.version(), mine.values());
        Trade trade = trade();
        if (trade == Trade.NO_VECTOR) {
            send(new DriverMessage.VectorMissing(mine.version()));
            return;
        }
        if (trade == Trade.NO_VECTOR_IN_TIME) {
            missed = mine.version();
            return;
        }
        var unused = ShardCollectives.gather(
                        mine,
                        index -> neighbours
                                .orElseThrow()
                                .ask(mine.peers().get(index).peer(), held -> held.shard(mine.version())))
                .whenComplete((whole, failure) -> {
                    if (failure == null) {
                        take(whole);
                    } else {
                        send(new DriverMessage.VectorMissing(mine.version()));
                    }
                });
    }

    private void fold(ReduceShardRequest request) {
        folds.add(request);
        int index = request.shard().index();
        Trade trade = trade();
        if (trade == Trade.FREEZE) {
            return;
        }
        if (trade == Trade.DIE) {
            connected = false;
            events.put(new ExecutorEvents.ExecutorLost(this));
            return;
        }
        if (trade == Trade.NO_SLICE) {
            send(new DriverMessage.ShardFailed(request.shared(), index, "no connection"));
            return;
        }
        var unused = ShardCollectives.reduce(
                        request,
                        source -> neighbours
                                .orElseThrow()
                                .ask(
                                        source.holder().peer(),
                                        held -> CompletableFuture.completedFuture(
                                                held.sums(request.shared(), source.firstTask(), request.shard()))))
                .whenComplete((sums, failure) -> {
                    if (failure != null) {
                        send(new DriverMessage.ShardFailed(request.shared(), index, failure.toString()));
                    } else if (trade == Trade.SHORT_SLICE) {
                        FlatVector less = FlatVector.zeros(sums.precision(), sums.size() - 1);
                        send(new DriverMessage.ShardReduced(request.shared(), index, less));
                    } else {
                        int said = trade == Trade.OTHER_SLICE ? index + 1 : index;
                        send(new DriverMessage.ShardReduced(request.shared(), said, sums));
                    }
                });
    }

    private void take(RangeRequest request) {
        if (vector == null || vector.version() != request.shared()) {
            waiting.add(request);
            return;
        }
        Optional<RangeResult> kept = store.retained(request.shared(), request.firstTask());
        if (kept.isPresent()) {
            answer(request, kept.get());
            return;
        }
        requests.add(request);
        switch (deeds.get()) {
            case ANSWER -> answer(request, compiled.run(request, vector, name));
            case ANSWER_TWICE -> {
                answer(request, compiled.run(request, vector, name));
                answer(request, compiled.run(request, vector, name));
            }
            case FREEZE -> {}
            case DIE -> {
                connected = false;
                events.put(new ExecutorEvents.ExecutorLost(this));
            }
            case FAIL -> answer(request, new Failure(Failure.Kind.RETRYABLE, "the disk of " + name + " is full"));
            case NO_DATA -> answer(request, new Failure(Failure.Kind.BAD_DATA, "x.zip is empty"));
            case EXAGGERATE -> {
                RangeResult reply = compiled.run(request, vector, name);
                List<PartialSum> larger =
                        reply.sums().stream().map(FakeExecutor::exaggerated).toList();
                answer(
                        request,
                        new RangeResult(
                                reply.firstTask(),
                                larger,
                                reply.failed(),
                                reply.perTaskOutputs(),
                                name,
                                reply.nanos()));
            }
            case LIE -> {
                RangeResult reply = compiled.run(request, vector, name);
                List<PartialSum> shifted = reply.sums().stream()
                        .map(sum -> new PartialSum(sum.level(), sum.index() + 1, sum.sums(), sum.totals(), sum.tasks()))
                        .toList();
                answer(
                        request,
                        new RangeResult(
                                reply.firstTask(),
                                shifted,
                                reply.failed(),
                                reply.perTaskOutputs(),
                                name,
                                reply.nanos()));
            }
        }
    }

    private static PartialSum exaggerated(PartialSum sum) {
        FlatVector sums = sum.sums().copy();
        for (int i = 0; i < sums.size(); i++) {
            sums.set(i, EXAGGERATION * sums.at(i));
        }
        return new PartialSum(sum.level(), sum.index(), sums, sum.totals(), sum.tasks());
    }

    private void answer(RangeRequest request, RangeOutcome outcome) {
        if (request.sums() == RangeRequest.SumLocation.RETAINED && outcome instanceof RangeResult result) {
            store.retain(request.shared(), result);
            send(new DriverMessage.RangeRetained(request.shared(), result.withoutSums()));
            return;
        }
        send(new DriverMessage.RangeCompleted(request.shared(), request.firstTask(), outcome));
    }

    @Override
    public void close() {
        connected = false;
        closed = true;
    }
}
