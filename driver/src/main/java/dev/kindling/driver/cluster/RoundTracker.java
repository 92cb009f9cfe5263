package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
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
 * Tracks one round: the requests for its ranges, and the results so far, which may arrive in any order. Independent of how
 * they are transferred. Not thread-safe.
 */
public final class RoundTracker {
    private final Job job;
    private final ProgramVariants program;
    private final List<TaskSpec> specs;
    private final OutputMode outputs;
    private final int blocks;
    private final List<RangeRequest> requests;
    private final List<Integer> workers;

    private final Map<Integer, RangeRequest> open = new HashMap<>();
    private final TreeReducer reducer;
    private final List<FailedTask> failed = new ArrayList<>();
    private final double[] collected;
    private final TaskTimings timings;
    private final Set<String> contributors = new HashSet<>();
    private @Nullable FlatVector reducedSums;

    /**
     * Partitions a round.
     *
     * @param shared version of the vector that the ranges run with
     * @param threads number of threads of each worker
     * @throws IllegalArgumentException if the job has no such program
     */
    public RoundTracker(Job job, RoundRequest request, long shared, List<Integer> threads) {
        List<TaskSpec> specs = request.specs();
        this.job = job;
        this.program = job.program(request.program());
        this.specs = specs;
        this.outputs = request.outputs();
        this.blocks = blocks(job, specs.size());
        this.reducer = new TreeReducer(blocks);
        int reported = isPerTask() ? specs.size() : 0;
        this.collected =
                new double[Math.multiplyExact(reported, program.perTask().size())];
        this.timings = new TaskTimings(new long[reported], new String[reported]);
        List<BlockPartitioner.BlockRange> ranges = BlockPartitioner.partition(blocks, threads, this.program.sumsSize());
        this.workers = ranges.stream().map(BlockPartitioner.BlockRange::worker).toList();
        this.requests = ranges.stream()
                .map(range -> rangeRequest(request.program(), shared, range))
                .toList();
        requests.forEach(range -> open.put(range.firstTask(), range));
    }

    private boolean isPerTask() {
        return outputs == OutputMode.PER_TASK;
    }

    /** Number of blocks of a round of the given number of tasks. */
    public static int blocks(Job job, int tasks) {
        return (int) (((long) tasks + job.blockSize() - 1) / job.blockSize());
    }

    private RangeRequest rangeRequest(String name, long shared, BlockPartitioner.BlockRange range) {
        int first = range.first() * job.blockSize();
        int end = (int) Math.min(specs.size(), (long) range.end() * job.blockSize());
        return new RangeRequest(name, shared, blocks, first, specs.subList(first, end), outputs);
    }

    /** Number of blocks of the round. */
    int blocks() {
        return blocks;
    }

    /** Length of the sums. */
    int sumSize() {
        return program.sumsSize();
    }

    /** The requests of the round, left to right. */
    public List<RangeRequest> requests() {
        return requests;
    }

    /** For each request, the index of its worker. */
    public List<Integer> workers() {
        return workers;
    }

    /**
     * Adds a result. Of several results of one range the first counts.
     *
     * @return whether it was the first of its range
     * @throws ClusterException if it does not fit a request of this round
     */
    public boolean accept(RangeResult result) {
        RangeRequest request = open.get(result.firstTask());
        if (request == null) {
            boolean known = requests.stream().anyMatch(one -> one.firstTask() == result.firstTask());
            require(known, result, "no range begins at task " + result.firstTask());
            return false;
        }
        requireFits(request, result, sumSize());
        add(request, result);
        return true;
    }

    /**
     * Checks a result whose sums are retained against its request, without adding it.
     *
     * @throws ClusterException if it does not fit an open request of this round
     */
    void requireFits(RangeResult result) {
        RangeRequest request = open.get(result.firstTask());
        if (request == null) {
            throw new ClusterException(mismatch(result, "no open range begins at task " + result.firstTask()));
        }
        requireFits(request, result, 0);
    }

    /**
     * Adds all results of a round whose sums were retained by executors; none was accepted before.
     *
     * @param sums of the whole round
     */
    void accept(List<RangeResult> results, FlatVector sums) {
        for (RangeResult result : results) {
            requireFits(result);
            add(Objects.requireNonNull(open.get(result.firstTask())), result);
        }
        reducedSums = sums;
    }

    private void add(RangeRequest request, RangeResult result) {
        open.remove(result.firstTask());
        result.sums().forEach(reducer::add);
        contributors.add(result.worker());
        failed.addAll(result.failed());
        if (isPerTask()) {
            int width = program.perTask().size();
            System.arraycopy(
                    result.perTaskOutputs(), 0, collected, request.firstTask() * width, result.perTaskOutputs().length);
            addTimings(request, result);
        }
    }

    private void requireFits(RangeRequest request, RangeResult result, int sumSize) {
        int width = program.perTask().size();
        require(
                result.perTaskOutputs().length == (isPerTask() ? request.specs().size() * width : 0),
                result,
                "its per-task outputs are incomplete");
        require(
                result.nanos().tasks().length == (isPerTask() ? request.specs().size() : 0),
                result,
                "its task times are incomplete");
        requireCounts(request, result);
        requireNodes(request, result, sumSize);
    }

    private void addTimings(RangeRequest request, RangeResult result) {
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
                added + " tasks added and " + result.failed().size() + " failed are not "
                        + request.specs().size());
    }

    /** Checks all partial sums before the first is added to the reduction, which would refuse some too late. */
    private void requireNodes(RangeRequest request, RangeResult result, int sumSize) {
        int next = request.firstTask() / job.blockSize();
        for (PartialSum sum : result.sums()) {
            boolean fits = ((long) sum.index() << sum.level()) == next
                    && sum.level() <= TreeReducer.rootLevel(blocks)
                    && sum.sums().size() == sumSize
                    && sum.sums().precision() == job.options().precision()
                    && sum.totals().length == program.perTask().size();
            require(fits, result, sum + " does not fit the range");
            next = (int) Math.min(blocks, (sum.index() + 1L) << sum.level());
        }
        int end = request.firstTask() / job.blockSize()
                + blocks(job, request.specs().size());
        require(next == end, result, "its partial sums end before block " + next + " and not before block " + end);
    }

    /** Whether every range has a result. */
    public boolean complete() {
        return open.isEmpty();
    }

    /**
     * The completed round.
     *
     * @throws ClusterException if the results do not cover all blocks
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
        return reducedSums == null
                ? root
                : new PartialSum(root.level(), root.index(), reducedSums, root.totals(), root.tasks());
    }

    private static void require(boolean condition, RangeResult result, String reason) {
        if (!condition) {
            throw new ClusterException(mismatch(result, reason));
        }
    }

    private static String mismatch(RangeResult result, String reason) {
        return "the result of worker " + result.worker() + " does not fit the round: " + reason;
    }
}
