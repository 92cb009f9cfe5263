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

/** An executor in this JVM whose behaviour a test determines for each range. Sends its messages on the driver's thread. */
final class FakeExecutor implements ExecutorConnection {
    /** Behaviour for one range. */
    enum Behaviour {
        RUN,
        RUN_TWICE,
        /** Sends nothing, but stays connected. */
        FREEZE,
        /** Loses its connection. */
        DIE,
        /** Reports a failure that may not occur elsewhere. */
        FAIL,
        /** Reports bad data. */
        NO_DATA,
        /** Sends partial sums of another range. */
        WRONG_SUMS,
        /** Sends sums that are too large by {@link #HUGE_FACTOR}. */
        HUGE_SUMS
    }

    /** Behaviour for one step of an exchange. */
    enum ExchangeBehaviour {
        CORRECT,
        /** Cannot gather the vector. */
        NO_VECTOR,
        /** Cannot reduce its shard. */
        NO_SHARD,
        /** Sends a shard that is one element too short. */
        SHORT_SHARD,
        /** Sends the shard of another executor. */
        OTHER_SHARD,
        /** Sends no shard, but stays connected. */
        FREEZE,
        /** Loses its connection when it is to reduce. */
        DIE,
        /** Cannot gather the vector, and reports it when the test calls {@link #reportMissingVector}. */
        NO_VECTOR_IN_TIME
    }

    /** Executors that can connect to each other, and their behaviour for the next step of an exchange. */
    static final class PeerNetwork {
        private final Map<Peer, FakeExecutor> executors = new HashMap<>();
        private Function<FakeExecutor, ExchangeBehaviour> behaviours = executor -> ExchangeBehaviour.CORRECT;

        void behaving(Function<FakeExecutor, ExchangeBehaviour> behaviours) {
            this.behaviours = behaviours;
        }

        private CompletableFuture<FlatVector> ask(
                Peer peer, Function<ShardStore, CompletableFuture<FlatVector>> question) {
            FakeExecutor queried = executors.get(peer);
            return queried.connected
                    ? question.apply(queried.store)
                    : CompletableFuture.failedFuture(new IllegalStateException("no connection to " + peer));
        }
    }

    private static final double HUGE_FACTOR = 1e12;

    private final String name;
    private final ExecutorEvents events;
    private final Supplier<Behaviour> behaviours;
    private final Optional<PeerNetwork> network;
    private final ShardStore store = new ShardStore();
    private final List<ReduceShardRequest> reduceRequests = new ArrayList<>();
    private final List<RangeRequest> waiting = new ArrayList<>();
    private final List<RangeRequest> requests = new ArrayList<>();
    private CompiledJob compiled;
    private BroadcastVector vector;
    private boolean connected;
    private boolean closed;
    private int wholeVectors;
    /** The version of the vector that it has yet to report as missing. */
    private long missingVector;

    FakeExecutor(String name, ExecutorEvents events, Supplier<Behaviour> behaviours) {
        this(name, events, behaviours, Optional.empty());
    }

    /** An executor that accepts connections of others. */
    FakeExecutor(String name, ExecutorEvents events, Supplier<Behaviour> behaviours, PeerNetwork network) {
        this(name, events, behaviours, Optional.of(network));
        network.executors.put(peer().orElseThrow(), this);
    }

    private FakeExecutor(
            String name, ExecutorEvents events, Supplier<Behaviour> behaviours, Optional<PeerNetwork> network) {
        this.name = name;
        this.events = events;
        this.behaviours = behaviours;
        this.network = network;
    }

    /** Reports the missing vector. */
    void reportMissingVector() {
        send(new DriverMessage.VectorMissing(missingVector));
    }

    /** The requests to reduce a shard that it has received. */
    List<ReduceShardRequest> reduceRequests() {
        return reduceRequests;
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

    /** The requests of ranges that it has begun. */
    List<RangeRequest> ranges() {
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
        return network.map(all -> new Peer(name, 1));
    }

    private void send(DriverMessage message) {
        int bytes = message instanceof DriverMessage.RangeCompleted ? 100 : 10;
        events.put(new ExecutorEvents.MessageReceived(this, message, bytes, System.nanoTime()));
    }

    @Override
    public void send(byte[] message) {
        ExecutorMessage decoded = MessageCodec.decodeExecutorMessage(message);
        if (!connected) {
            return;
        }
        if (decoded instanceof Job job) {
            compiled = CompiledJob.open(job, new Configuration(false));
            send(new DriverMessage.Heartbeat(1));
        } else if (decoded instanceof BroadcastVector shared) {
            wholeVectors++;
            take(shared);
        } else if (decoded instanceof BroadcastShard slice) {
            gather(slice);
        } else if (decoded instanceof ReduceShardRequest order) {
            reduce(order);
        } else if (decoded instanceof RangeRequest order) {
            take(order);
        } else if (decoded instanceof StopExecutor) {
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

    private ExchangeBehaviour exchangeBehaviour() {
        return network.orElseThrow().behaviours.apply(this);
    }

    private void gather(BroadcastShard mine) {
        store.begin(mine.version());
        store.put(mine.version(), mine.values());
        ExchangeBehaviour exchangeBehaviour = exchangeBehaviour();
        if (exchangeBehaviour == ExchangeBehaviour.NO_VECTOR) {
            send(new DriverMessage.VectorMissing(mine.version()));
            return;
        }
        if (exchangeBehaviour == ExchangeBehaviour.NO_VECTOR_IN_TIME) {
            missingVector = mine.version();
            return;
        }
        var unused = ShardCollectives.gather(
                        mine,
                        index -> network.orElseThrow()
                                .ask(mine.peers().get(index).peer(), held -> held.shard(mine.version())))
                .whenComplete((whole, failure) -> {
                    if (failure == null) {
                        take(whole);
                    } else {
                        send(new DriverMessage.VectorMissing(mine.version()));
                    }
                });
    }

    private void reduce(ReduceShardRequest request) {
        reduceRequests.add(request);
        int index = request.shard().index();
        ExchangeBehaviour exchangeBehaviour = exchangeBehaviour();
        if (exchangeBehaviour == ExchangeBehaviour.FREEZE) {
            return;
        }
        if (exchangeBehaviour == ExchangeBehaviour.DIE) {
            connected = false;
            events.put(new ExecutorEvents.ExecutorLost(this));
            return;
        }
        if (exchangeBehaviour == ExchangeBehaviour.NO_SHARD) {
            send(new DriverMessage.ShardFailed(request.shared(), index, "no connection"));
            return;
        }
        var unused = ShardCollectives.reduce(
                        request,
                        source -> network.orElseThrow()
                                .ask(
                                        source.holder().peer(),
                                        held -> CompletableFuture.completedFuture(
                                                held.sums(request.shared(), source.firstTask(), request.shard()))))
                .whenComplete((sums, failure) -> {
                    if (failure != null) {
                        send(new DriverMessage.ShardFailed(request.shared(), index, failure.toString()));
                    } else if (exchangeBehaviour == ExchangeBehaviour.SHORT_SHARD) {
                        FlatVector less = FlatVector.zeros(sums.precision(), sums.size() - 1);
                        send(new DriverMessage.ShardReduced(request.shared(), index, less));
                    } else {
                        int claimed = exchangeBehaviour == ExchangeBehaviour.OTHER_SHARD ? index + 1 : index;
                        send(new DriverMessage.ShardReduced(request.shared(), claimed, sums));
                    }
                });
    }

    private void take(RangeRequest request) {
        if (vector == null || vector.version() != request.shared()) {
            waiting.add(request);
            return;
        }
        Optional<RangeResult> retained = store.retained(request.shared(), request.firstTask());
        if (retained.isPresent()) {
            reply(request, retained.get());
            return;
        }
        requests.add(request);
        switch (behaviours.get()) {
            case RUN -> reply(request, compiled.run(request, vector, name));
            case RUN_TWICE -> {
                reply(request, compiled.run(request, vector, name));
                reply(request, compiled.run(request, vector, name));
            }
            case FREEZE -> {}
            case DIE -> {
                connected = false;
                events.put(new ExecutorEvents.ExecutorLost(this));
            }
            case FAIL -> reply(request, new Failure(Failure.Kind.RETRYABLE, "the disk of " + name + " is full"));
            case NO_DATA -> reply(request, new Failure(Failure.Kind.BAD_DATA, "x.zip is empty"));
            case HUGE_SUMS -> {
                RangeResult reply = compiled.run(request, vector, name);
                List<PartialSum> larger =
                        reply.sums().stream().map(FakeExecutor::huge).toList();
                reply(
                        request,
                        new RangeResult(
                                reply.firstTask(),
                                larger,
                                reply.failed(),
                                reply.perTaskOutputs(),
                                name,
                                reply.nanos()));
            }
            case WRONG_SUMS -> {
                RangeResult reply = compiled.run(request, vector, name);
                List<PartialSum> shifted = reply.sums().stream()
                        .map(sum -> new PartialSum(sum.level(), sum.index() + 1, sum.sums(), sum.totals(), sum.tasks()))
                        .toList();
                reply(
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

    private static PartialSum huge(PartialSum sum) {
        FlatVector sums = sum.sums().copy();
        for (int i = 0; i < sums.size(); i++) {
            sums.set(i, HUGE_FACTOR * sums.at(i));
        }
        return new PartialSum(sum.level(), sum.index(), sums, sum.totals(), sum.tasks());
    }

    private void reply(RangeRequest request, RangeOutcome outcome) {
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
