package dev.kindling.driver.cluster;

import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FailedTask;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Variants;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One round under way: the orders it is cut into and the replies so far, in whatever order they arrive. Knows nothing of
 * how they travel. Not thread-safe.
 */
public final class Round {
    private final Job job;
    private final Variants program;
    private final List<TaskSpec> specs;
    private final boolean rows;
    private final int blocks;
    private final List<WorkOrder> orders;
    private final List<Integer> workers;

    private final Map<Integer, WorkOrder> open = new HashMap<>();
    private final Fold fold;
    private final List<FailedTask> failed = new ArrayList<>();
    private final double[] collected;
    private final TaskTraces traces;
    private final Set<String> contributors = new HashSet<>();
    private @Nullable Storage apart;

    /**
     * A round cut for workers.
     *
     * @param shared version of the vector that the orders run with
     * @param threads of each worker
     * @throws IllegalArgumentException if the job has no such program
     */
    public Round(Job job, Request request, long shared, List<Integer> threads) {
        List<TaskSpec> specs = request.specs();
        this.job = job;
        this.program = job.program(request.program());
        this.specs = specs;
        this.rows = request.rows();
        this.blocks = blocks(job, specs.size());
        this.fold = new Fold(blocks);
        this.collected = new double
                [rows ? Math.multiplyExact(specs.size(), this.program.perTask().size()) : 0];
        this.traces = rows ? new TaskTraces(new long[specs.size()], new String[specs.size()]) : TaskTraces.NONE;
        List<Dealing.Range> ranges =
                Dealing.deal(blocks, threads, this.program.sums().size());
        this.workers = ranges.stream().map(Dealing.Range::worker).toList();
        this.orders = ranges.stream()
                .map(range -> order(request.program(), shared, range))
                .toList();
        orders.forEach(order -> open.put(order.firstTask(), order));
    }

    /** Blocks of a round of so many tasks. */
    public static int blocks(Job job, int tasks) {
        return (int) (((long) tasks + job.blockSize() - 1) / job.blockSize());
    }

    private WorkOrder order(String name, long shared, Dealing.Range range) {
        int first = range.first() * job.blockSize();
        int end = (int) Math.min(specs.size(), (long) range.end() * job.blockSize());
        return new WorkOrder(name, shared, blocks, first, specs.subList(first, end), rows);
    }

    /** Blocks of the round. */
    int blocks() {
        return blocks;
    }

    /** Count of summed numbers of a node. */
    int numbers() {
        return program.sums().size();
    }

    /** The orders of the round, left to right. */
    public List<WorkOrder> orders() {
        return orders;
    }

    /** Whose each of the orders is, by its place among the workers. */
    public List<Integer> workers() {
        return workers;
    }

    /**
     * Takes in a reply. Of several replies to one order the first counts.
     *
     * @return whether it was the first to its order
     * @throws ClusterException if it is no reply to an order of this round
     */
    public boolean accept(WorkReply reply) {
        WorkOrder order = open.get(reply.firstTask());
        if (order == null) {
            boolean known = orders.stream().anyMatch(one -> one.firstTask() == reply.firstTask());
            require(known, reply, "there is no order from task " + reply.firstTask() + " on");
            return false;
        }
        requireFits(order, reply, program.sums().size());
        take(order, reply);
        return true;
    }

    /**
     * Holds a reply whose sums stay with the worker to its order, without taking it in.
     *
     * @throws ClusterException if it is no such reply to an order of this round
     */
    void requireFits(WorkReply reply) {
        WorkOrder order = open.get(reply.firstTask());
        if (order == null) {
            throw new ClusterException(
                    sentence(reply, "there is no open order from task " + reply.firstTask() + " on"));
        }
        requireFits(order, reply, 0);
    }

    /**
     * Takes in all replies of a round whose sums stayed with the workers; none was accepted before.
     *
     * @param sums of the whole round
     */
    void accept(List<WorkReply> replies, Storage sums) {
        for (WorkReply reply : replies) {
            requireFits(reply);
            take(Objects.requireNonNull(open.get(reply.firstTask())), reply);
        }
        apart = sums;
    }

    private void take(WorkOrder order, WorkReply reply) {
        open.remove(reply.firstTask());
        reply.nodes().forEach(fold::add);
        contributors.add(reply.worker());
        failed.addAll(reply.failed());
        if (rows) {
            int width = program.perTask().size();
            System.arraycopy(reply.rows(), 0, collected, order.firstTask() * width, reply.rows().length);
            trace(order, reply);
        }
    }

    private void requireFits(WorkOrder order, WorkReply reply, int numbers) {
        int width = program.perTask().size();
        require(reply.rows().length == (rows ? order.specs().size() * width : 0), reply, "its rows are incomplete");
        require(
                reply.nanos().tasks().length == (rows ? order.specs().size() : 0),
                reply,
                "its tasks' times are incomplete");
        requireCounts(order, reply);
        requireNodes(order, reply, numbers);
    }

    private void trace(WorkOrder order, WorkReply reply) {
        int first = order.firstTask();
        System.arraycopy(
                reply.nanos().tasks(), 0, traces.nanos(), first, reply.nanos().tasks().length);
        Arrays.fill(traces.workers(), first, first + order.specs().size(), reply.worker());
    }

    private static void requireCounts(WorkOrder order, WorkReply reply) {
        long added = reply.nodes().stream().mapToLong(FoldNode::tasks).sum();
        require(
                added + reply.failed().size() == order.specs().size(),
                reply,
                added + " tasks added and " + reply.failed().size() + " failed do not make "
                        + order.specs().size());
    }

    /** Refuses nodes that the fold would refuse, before it has taken one of them. */
    private void requireNodes(WorkOrder order, WorkReply reply, int numbers) {
        int next = order.firstTask() / job.blockSize();
        for (FoldNode node : reply.nodes()) {
            boolean fits = ((long) node.index() << node.level()) == next
                    && node.level() <= Fold.rootLevel(blocks)
                    && node.sums().size() == numbers
                    && node.sums().precision() == job.options().precision()
                    && node.totals().length == program.perTask().size();
            require(fits, reply, node + " is not what the order asks for");
            next = (int) Math.min(blocks, (node.index() + 1L) << node.level());
        }
        int end =
                order.firstTask() / job.blockSize() + blocks(job, order.specs().size());
        require(next == end, reply, "its nodes end before block " + next + " and not before block " + end);
    }

    /** Whether every order has been replied to. */
    public boolean complete() {
        return open.isEmpty();
    }

    /**
     * The completed round.
     *
     * @throws ClusterException if the replies do not cover all blocks
     */
    public RoundResult result(long bytesOut, long bytesIn, RoundTimes times) {
        try {
            failed.sort(Comparator.comparingLong(FailedTask::round).thenComparingInt(FailedTask::index));
            return new RoundResult(
                    root(),
                    List.copyOf(failed),
                    collected,
                    Set.copyOf(contributors),
                    bytesOut,
                    bytesIn,
                    times,
                    traces,
                    List.of());
        } catch (IllegalStateException e) {
            throw new ClusterException("the round is incomplete: " + e.getMessage(), e);
        }
    }

    private FoldNode root() {
        FoldNode root = fold.root();
        return apart == null ? root : new FoldNode(root.level(), root.index(), apart, root.totals(), root.tasks());
    }

    private static void require(boolean condition, WorkReply reply, String reason) {
        if (!condition) {
            throw new ClusterException(sentence(reply, reason));
        }
    }

    private static String sentence(WorkReply reply, String reason) {
        return "the reply of worker " + reply.worker() + " does not fit the round: " + reason;
    }
}
