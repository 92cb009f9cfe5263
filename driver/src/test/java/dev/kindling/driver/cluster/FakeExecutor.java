package dev.kindling.driver.cluster;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Closed;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToWorker;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.ArrayList;
import java.util.List;
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
        LIE
    }

    private final String name;
    private final Inbox inbox;
    private final Supplier<Deed> deeds;
    private final List<WorkOrder> waiting = new ArrayList<>();
    private final List<WorkOrder> orders = new ArrayList<>();
    private Runner runner;
    private SharedVector vector;
    private boolean connected;
    private boolean closed;

    FakeExecutor(String name, Inbox inbox, Supplier<Deed> deeds) {
        this.name = name;
        this.inbox = inbox;
        this.deeds = deeds;
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
    public void send(byte[] message) {
        ToWorker told = Wire.decodeToWorker(message);
        if (!connected) {
            return;
        }
        if (told instanceof Job job) {
            runner = Runner.open(job, new Configuration(false));
            inbox.put(new Inbox.Present(this, 1));
        } else if (told instanceof SharedVector shared) {
            vector = shared;
            List<WorkOrder> ready = new ArrayList<>(waiting);
            waiting.clear();
            ready.stream().filter(order -> order.shared() >= shared.version()).forEach(this::take);
        } else if (told instanceof WorkOrder order) {
            take(order);
        } else if (told instanceof Closed) {
            closed = true;
        }
    }

    private void take(WorkOrder order) {
        if (vector == null || vector.version() != order.shared()) {
            waiting.add(order);
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

    private void answer(WorkOrder order, Answer answer) {
        inbox.put(new Inbox.Answered(this, order.shared(), order.firstTask(), answer, 100, System.nanoTime()));
    }

    @Override
    public void close() {
        connected = false;
        closed = true;
    }
}
