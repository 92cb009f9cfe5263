package dev.kindling.driver.cluster;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.runner.Holdings;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.runner.Slices;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Closed;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.PeerAccess;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToWorker;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
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
final class FakeExecutor implements Link {
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

        private CompletableFuture<Storage> ask(Peer peer, Function<Holdings, CompletableFuture<Storage>> question) {
            FakeExecutor asked = executors.get(peer);
            return asked.connected
                    ? question.apply(asked.holdings)
                    : CompletableFuture.failedFuture(new IllegalStateException("no connection to " + peer));
        }
    }

    private static final double EXAGGERATION = 1e12;

    private final String name;
    private final Inbox inbox;
    private final Supplier<Deed> deeds;
    private final Optional<Neighbourhood> neighbours;
    private final Holdings holdings = new Holdings();
    private final List<FoldOrder> folds = new ArrayList<>();
    private final List<WorkOrder> waiting = new ArrayList<>();
    private final List<WorkOrder> orders = new ArrayList<>();
    private Runner runner;
    private SharedVector vector;
    private boolean connected;
    private boolean closed;
    private int wholeVectors;
    /** The vector that it has yet to say it did not get. */
    private long missed;

    FakeExecutor(String name, Inbox inbox, Supplier<Deed> deeds) {
        this(name, inbox, deeds, Optional.empty());
    }

    /** One that others can reach. */
    FakeExecutor(String name, Inbox inbox, Supplier<Deed> deeds, Neighbourhood neighbours) {
        this(name, inbox, deeds, Optional.of(neighbours));
        neighbours.executors.put(peer().orElseThrow(), this);
    }

    private FakeExecutor(String name, Inbox inbox, Supplier<Deed> deeds, Optional<Neighbourhood> neighbours) {
        this.name = name;
        this.inbox = inbox;
        this.deeds = deeds;
        this.neighbours = neighbours;
    }

    /** Says at last which vector it did not get. */
    void complain() {
        inbox.put(new Inbox.Lacks(this, missed));
    }

    /** The slices it was asked to fold. */
    List<FoldOrder> folds() {
        return folds;
    }

    /** How often the driver has sent it a whole vector. */
    int wholeVectors() {
        return wholeVectors;
    }

    /** Connects with one thread. */
    FakeExecutor join() {
        connected = true;
        inbox.put(new Inbox.Joined(this));
        return this;
    }

    /** The orders it began. */
    List<WorkOrder> orders() {
        return orders;
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
    public PeerAccess accessFor(Link other) {
        return new PeerAccess(peer().orElseThrow(), "");
    }

    @Override
    public Optional<Peer> peer() {
        return neighbours.map(all -> new Peer(name, 1));
    }

    @Override
    public void send(byte[] message) {
        ToWorker told = Wire.decodeToWorker(message);
        if (!connected) {
            return;
        }
        if (told instanceof Job job) {
            runner = Runner.open(job, new Configuration(false));
            inbox.put(new Inbox.Present(this, 1));
        } else if (told instanceof SharedVector shared) {
            wholeVectors++;
            take(shared);
        } else if (told instanceof VectorSlice slice) {
            gather(slice);
        } else if (told instanceof FoldOrder order) {
            fold(order);
        } else if (told instanceof WorkOrder order) {
            take(order);
        } else if (told instanceof Closed) {
            closed = true;
        }
    }

    private void take(SharedVector shared) {
        vector = shared;
        holdings.begin(shared.version());
        List<WorkOrder> ready = new ArrayList<>(waiting);
        waiting.clear();
        ready.stream().filter(order -> order.shared() >= shared.version()).forEach(this::take);
    }

    private Trade trade() {
        return neighbours.orElseThrow().trades.apply(this);
    }

    private void gather(VectorSlice mine) {
        holdings.begin(mine.version());
        holdings.take(mine.version(), mine.values());
        Trade trade = trade();
        if (trade == Trade.NO_VECTOR) {
            inbox.put(new Inbox.Lacks(this, mine.version()));
            return;
        }
        if (trade == Trade.NO_VECTOR_IN_TIME) {
            missed = mine.version();
            return;
        }
        var unused = Slices.gather(
                        mine,
                        index -> neighbours
                                .orElseThrow()
                                .ask(mine.peers().get(index).peer(), held -> held.slice(mine.version())))
                .whenComplete((whole, failure) -> {
                    if (failure == null) {
                        take(whole);
                    } else {
                        inbox.put(new Inbox.Lacks(this, mine.version()));
                    }
                });
    }

    private void fold(FoldOrder order) {
        folds.add(order);
        int index = order.slice().index();
        Trade trade = trade();
        if (trade == Trade.FREEZE) {
            return;
        }
        if (trade == Trade.DIE) {
            connected = false;
            inbox.put(new Inbox.Lost(this));
            return;
        }
        if (trade == Trade.NO_SLICE) {
            inbox.put(new Inbox.NotFolded(this, order.shared(), "no connection"));
            return;
        }
        var unused = Slices.fold(
                        order,
                        piece -> neighbours
                                .orElseThrow()
                                .ask(
                                        piece.holder().peer(),
                                        held -> CompletableFuture.completedFuture(
                                                held.sums(order.shared(), piece.firstTask(), order.slice()))))
                .whenComplete((sums, failure) -> {
                    if (failure != null) {
                        inbox.put(new Inbox.NotFolded(this, order.shared(), failure.toString()));
                    } else if (trade == Trade.SHORT_SLICE) {
                        Storage less = Storage.zeros(sums.precision(), sums.size() - 1);
                        inbox.put(new Inbox.Folded(this, order.shared(), index, less, 10));
                    } else {
                        int said = trade == Trade.OTHER_SLICE ? index + 1 : index;
                        inbox.put(new Inbox.Folded(this, order.shared(), said, sums, 10));
                    }
                });
    }

    private void take(WorkOrder order) {
        if (vector == null || vector.version() != order.shared()) {
            waiting.add(order);
            return;
        }
        Optional<WorkReply> kept = holdings.kept(order.shared(), order.firstTask());
        if (kept.isPresent()) {
            answer(order, kept.get());
            return;
        }
        orders.add(order);
        switch (deeds.get()) {
            case ANSWER -> answer(order, runner.run(order, vector, name));
            case ANSWER_TWICE -> {
                answer(order, runner.run(order, vector, name));
                answer(order, runner.run(order, vector, name));
            }
            case FREEZE -> {}
            case DIE -> {
                connected = false;
                inbox.put(new Inbox.Lost(this));
            }
            case FAIL -> answer(order, new Failure(Failure.Kind.UNFORESEEN, "the disk of " + name + " is full"));
            case NO_DATA -> answer(order, new Failure(Failure.Kind.BAD_DATA, "x.zip is empty"));
            case EXAGGERATE -> {
                WorkReply reply = runner.run(order, vector, name);
                List<FoldNode> larger =
                        reply.nodes().stream().map(FakeExecutor::exaggerated).toList();
                answer(
                        order,
                        new WorkReply(reply.firstTask(), larger, reply.failed(), reply.rows(), name, reply.nanos()));
            }
            case LIE -> {
                WorkReply reply = runner.run(order, vector, name);
                List<FoldNode> shifted = reply.nodes().stream()
                        .map(node ->
                                new FoldNode(node.level(), node.index() + 1, node.sums(), node.totals(), node.tasks()))
                        .toList();
                answer(
                        order,
                        new WorkReply(reply.firstTask(), shifted, reply.failed(), reply.rows(), name, reply.nanos()));
            }
        }
    }

    private static FoldNode exaggerated(FoldNode node) {
        Storage sums = node.sums().copy();
        for (int i = 0; i < sums.size(); i++) {
            sums.set(i, EXAGGERATION * sums.at(i));
        }
        return new FoldNode(node.level(), node.index(), sums, node.totals(), node.tasks());
    }

    private void answer(WorkOrder order, Answer answer) {
        if (order.keeps() && answer instanceof WorkReply reply) {
            holdings.keep(order.shared(), reply);
            inbox.put(new Inbox.Kept(this, order.shared(), reply.withoutSums(), 10, System.nanoTime()));
            return;
        }
        inbox.put(new Inbox.Answered(this, order.shared(), order.firstTask(), answer, 100, System.nanoTime()));
    }

    @Override
    public void close() {
        connected = false;
        closed = true;
    }
}
