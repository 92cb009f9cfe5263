package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.TreeReducer;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
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
public final class RoundTracker {
    private final Job job;
    private final ProgramVariants program;
    private final List<TaskSpec> specs;
    private final boolean perTaskOutputs;
    private final int blocks;
    private final List<RangeRequest> requests;
    private final List<Integer> workers;

    private final Map<Integer, RangeRequest> open = new HashMap<>();
    private final TreeReducer reducer;
    private final List<FailedTask> failed = new ArrayList<>();
    private final double[] collected;
    private final TaskTimings timings;
    private final Set<String> contributors = new HashSet<>();
    private @Nullable FlatVector apart;

    /**
     * A round cut for workers.
     *
     * @param shared version of the vector that the orders run with
     * @param threads of each worker
     * @throws IllegalArgumentException if the job has no such program
     */
    public RoundTracker(Job job, RoundRequest request, long shared, List<Integer> threads) {
        List<TaskSpec> specs = request.specs();
        this.job = job;
        this.program = job.program(request.program());
        this.specs = specs;
        this.perTaskOutputs = request.perTaskOutputs();
        this.blocks = blocks(job, specs.size());
        this.reducer = new TreeReducer(blocks);
        this.collected = new double
                [perTaskOutputs
                        ? Math.multiplyExact(
                                specs.size(), this.program.perTask().size())
                        : 0];
        this.timings =
                perTaskOutputs ? new TaskTimings(new long[specs.size()], new String[specs.size()]) : TaskTimings.NONE;
        List<BlockPartitioner.BlockRange> ranges =
                BlockPartitioner.partition(blocks, threads, this.program.sums().size());
        this.workers = ranges.stream().map(BlockPartitioner.BlockRange::worker).toList();
        this.requests = ranges.stream()
                .map(range -> order(request.program(), shared, range))
                .toList();
        requests.forEach(order -> open.put(order.firstTask(), order));
    }

    /** Blocks of a round of so many tasks. */
    public static int blocks(Job job, int tasks) {
        return (int) (((long) tasks + job.blockSize() - 1) / job.blockSize());
    }

    private RangeRequest order(String name, long shared, BlockPartitioner.BlockRange range) {
        int first = range.first() * job.blockSize();
        int end = (int) Math.min(specs.size(), (long) range.end() * job.blockSize());
        return new RangeRequest(name, shared, blocks, first, specs.subList(first, end), perTaskOutputs);
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
    public List<RangeRequest> requests() {
        return requests;
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
    public boolean accept(RangeResult result) {
        RangeRequest request = open.get(result.firstTask());
        if (request == null) {
            boolean known = requests.stream().anyMatch(one -> one.firstTask() == result.firstTask());
            require(known, result, "there is no order from task " + result.firstTask() + " on");
            return false;
        }
        requireFits(request, result, program.sums().size());
        take(request, result);
        return true;
    }

    /**
     * Holds a reply whose sums stay with the worker to its order, without taking it in.
     *
     * @throws ClusterException if it is no such reply to an order of this round
     */
    void requireFits(RangeResult result) {
        RangeRequest request = open.get(result.firstTask());
        if (request == null) {
            throw new ClusterException(
                    sentence(result, "there is no open order from task " + result.firstTask() + " on"));
        }
        requireFits(request, result, 0);
    }

    /**
     * Takes in all replies of a round whose sums stayed with the workers; none was accepted before.
     *
     * @param sums of the whole round
     */
    void accept(List<RangeResult> results, FlatVector sums) {
        for (RangeResult result : results) {
            requireFits(result);
            take(Objects.requireNonNull(open.get(result.firstTask())), result);
        }
        apart = sums;
    }

    private void take(RangeRequest request, RangeResult result) {
        open.remove(result.firstTask());
        result.sums().forEach(reducer::add);
        contributors.add(result.worker());
        failed.addAll(result.failed());
        if (perTaskOutputs) {
            int width = program.perTask().size();
            System.arraycopy(
                    result.perTaskOutputs(), 0, collected, request.firstTask() * width, result.perTaskOutputs().length);
            trace(request, result);
        }
    }

    private void requireFits(RangeRequest request, RangeResult result, int numbers) {
        int width = program.perTask().size();
        require(
                result.perTaskOutputs().length
                        == (perTaskOutputs ? request.specs().size() * width : 0),
                result,
                "its rows are incomplete");
        require(
                result.nanos().tasks().length
                        == (perTaskOutputs ? request.specs().size() : 0),
                result,
                "its tasks' times are incomplete");
        requireCounts(request, result);
        requireNodes(request, result, numbers);
    }

    private void trace(RangeRequest request, RangeResult result) {
        int first = request.firstTask();
        System.arraycopy(
                result.nanos().tasks(),
                0,
                timings.nanos(),
                first,
                result.nanos().tasks().length);
        Arrays.fill(timings.workers(), first, first + request.specs().size(), result.worker());
    }

    private static void requireCounts(RangeRequest request, RangeResult result) {
        long added = result.sums().stream().mapToLong(PartialSum::tasks).sum();
        require(
                added + result.failed().size() == request.specs().size(),
                result,
                added + " tasks added and " + result.failed().size() + " failed do not make "
                        + request.specs().size());
    }

    /** Refuses nodes that the fold would refuse, before it has taken one of them. */
    private void requireNodes(RangeRequest request, RangeResult result, int numbers) {
        int next = request.firstTask() / job.blockSize();
        for (PartialSum sum : result.sums()) {
            boolean fits = ((long) sum.index() << sum.level()) == next
                    && sum.level() <= TreeReducer.rootLevel(blocks)
                    && sum.sums().size() == numbers
                    && sum.sums().precision() == job.options().precision()
                    && sum.totals().length == program.perTask().size();
            require(fits, result, sum + " is not what the order asks for");
            next = (int) Math.min(blocks, (sum.index() + 1L) << sum.level());
        }
        int end = request.firstTask() / job.blockSize()
                + blocks(job, request.specs().size());
        require(next == end, result, "its nodes end before block " + next + " and not before block " + end);
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
    public RoundResult result(long bytesOut, long bytesIn, ExecutorTimings times) {
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
                    timings,
                    List.of());
        } catch (IllegalStateException e) {
            throw new ClusterException("the round is incomplete: " + e.getMessage(), e);
        }
    }

    private PartialSum root() {
        PartialSum root = reducer.root();
        return apart == null ? root : new PartialSum(root.level(), root.index(), apart, root.totals(), root.tasks());
    }

    private static void require(boolean condition, RangeResult result, String reason) {
        if (!condition) {
            throw new ClusterException(sentence(result, reason));
        }
    }

    private static String sentence(RangeResult result, String reason) {
        return "the reply of worker " + result.worker() + " does not fit the round: " + reason;
    }
}
