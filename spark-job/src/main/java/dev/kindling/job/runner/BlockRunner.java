package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.TreeReducer;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What one thread needs to run orders of one program on one device: workspaces, and arrays that are used again. In the steady state
 * an order allocates the arrays of the nodes that leave with its reply, and a few small objects a block. Not
 * thread-safe.
 *
 * <p>Neighbours in a block whose tasks have one shape run together, and the sums of such groups are added in task order:
 * the groups, and with them the bits, follow from the block's specs alone.
 */
final class BlockRunner implements Workspace.TaskInputs {
    /**
     * What a hand did of an order.
     *
     * @param sums the maximal nodes of its blocks, left to right
     * @param failed tasks left out
     * @param materialise nanoseconds making episodes
     * @param compute nanoseconds running programs and adding blocks up
     */
    record Result(List<PartialSum> sums, List<FailedTask> failed, long materialise, long compute) {}

    private static final double[] NO_ROWS = {};
    private static final long[] NO_TIMES = {};
    private static final TreeReducer NO_FOLD = new TreeReducer(1);

    private final int blockSize;
    private final BlockRunnerPool runners;
    private final Device device;
    private final WorkspaceCache workspaces;
    private final TaskSource source;
    private final int sumsSize;
    /** Per-task numbers of one task. */
    private final int width;
    /** Per-task numbers of one block. */
    private final double[] each;
    /** Per-task numbers of one group of a block but the first. */
    private final double[] eachOfGroup;

    private final ArrayDeque<FlatVector> spare = new ArrayDeque<>();
    private List<TaskSpec> specs = List.of();
    private List<FailedTask> failed = List.of();
    private double[] orderRows = NO_ROWS;
    private long[] orderTimes = NO_TIMES;
    private TreeReducer reducer = NO_FOLD;
    private boolean perTask;
    private int firstBlock;
    /** Place among the specs of the first task of the block that is running. */
    private int firstOfBlock;
    /** Place of the first task of the group that is running. */
    private int first;
    /** What the tasks of that group run with. */
    private CompiledVariant running;

    private long began;
    private long materialising;
    /** When the task that is running began. */
    private long taskBegan;

    BlockRunner(BlockRunnerPool runners, Device device) {
        this.runners = runners;
        this.device = device;
        this.running = runners.first();
        this.blockSize = runners.blockSize();
        this.workspaces = new WorkspaceCache(runners.options().memoryBytes(), device);
        this.source = runners.source();
        this.sumsSize = runners.program().sums().size();
        this.width = runners.width();
        this.each = new double[Math.multiplyExact(blockSize, width)];
        this.eachOfGroup = new double[each.length];
    }

    Device device() {
        return device;
    }

    /** Bytes of its workspaces. */
    long bytes() {
        return workspaces.bytes();
    }

    /** Gives its workspaces' memory back; the hand is not used afterwards. */
    void close() {
        workspaces.close();
    }

    /** Begins with the tasks of an order; rows and times of its tasks go where the order's others put theirs. */
    void begin(RangeRequest request, BroadcastVector vector, double[] rows, long[] times) {
        began = System.nanoTime();
        materialising = 0;
        perTask = request.perTaskOutputs();
        firstBlock = request.firstTask() / blockSize;
        specs = request.specs();
        orderRows = rows;
        orderTimes = times;
        failed = new ArrayList<>();
        reducer = new TreeReducer(request.blocks(), spare::push);
        workspaces.use(vector);
    }

    /** How many blocks, from the given one of the order on, are best run at once: as many as its workspace wants tasks. */
    int blocksAtOnce(int block) {
        CompiledVariant variant = runners.variant(specs.get(firstTask(block)));
        return Math.max(1, workspaces.of(variant).tasksAtOnce() / blockSize);
    }

    /** Runs consecutive blocks of the order and adds them to the others that this hand has run. */
    void run(int block, int count) {
        int from = firstTask(block);
        int end = Math.min(firstTask(block + count), specs.size());
        if (count > 1 && ofOneShape(from, end)) {
            runTogether(block, from, end);
            return;
        }
        for (int one = block; one < block + count; one++) {
            runAlone(one);
        }
    }

    private int firstTask(int block) {
        return (block - firstBlock) * blockSize;
    }

    private int tasks(int from) {
        return Math.min(blockSize, specs.size() - from);
    }

    private void runAlone(int block) {
        int from = firstTask(block);
        int count = tasks(from);
        FlatVector sums = storage();
        firstOfBlock = from;
        long begin = System.nanoTime();
        compute(from, count, sums);
        finishTimes(from, count, begin);
        take(block, from, count, sums);
    }

    private boolean ofOneShape(int from, int end) {
        CompiledVariant variant = runners.variant(specs.get(from));
        return specs.subList(from, end).stream()
                .allMatch(spec -> runners.variant(spec).equals(variant));
    }

    /** Blocks whose tasks have one shape, in one run of their workspace. */
    private void runTogether(int block, int from, int end) {
        List<FlatVector> sums = new ArrayList<>();
        for (int begin = from; begin < end; begin += blockSize) {
            sums.add(storage());
        }
        double[] eachOfAll = new double[Math.multiplyExact(end - from, width)];
        first = from;
        firstOfBlock = from;
        running = runners.variant(specs.get(from));
        long begin = System.nanoTime();
        workspaces.of(running).run(end - from, blockSize, this, sums, eachOfAll);
        finishTimes(from, end - from, begin);
        for (int i = 0; i < sums.size(); i++) {
            int firstOfThis = from + i * blockSize;
            int count = tasks(firstOfThis);
            System.arraycopy(eachOfAll, (firstOfThis - from) * width, each, 0, count * width);
            take(block + i, firstOfThis, count, sums.get(i));
        }
    }

    /** Where tasks ran one after another, the last one's end; where they ran together, each its share of the time. */
    private void finishTimes(int from, int count, long begin) {
        if (!perTask) {
            return;
        }
        long now = System.nanoTime();
        orderTimes[from + count - 1] = now - taskBegan;
        if (workspaces.of(running).tasksAtOnce() > 1) {
            Arrays.fill(orderTimes, from, from + count, (now - begin) / count);
        }
    }

    /** Adds a block that has run, with its per-task numbers in {@code each}. */
    private void take(int block, int from, int count, FlatVector sums) {
        PartialSum sum = PartialSum.block(block, sums, totals(count), count);
        if (perTask) {
            reducer.add(sum);
            System.arraycopy(each, 0, orderRows, from * width, count * width);
        } else if (FiniteCheck.all(sum.sums()) && FiniteCheck.all(sum.totals())) {
            reducer.add(sum);
        } else {
            spare.push(sums);
            reducer.add(taskByTask(block, from, count));
        }
    }

    private double[] totals(int count) {
        double[] totals = Arrays.copyOf(each, width);
        for (int task = 1; task < count; task++) {
            addTo(totals, task);
        }
        return totals;
    }

    /** What the blocks since {@link #begin} came to. */
    Result end() {
        Result result = new Result(reducer.nodes(), failed, materialising, System.nanoTime() - began - materialising);
        // What has left with the part is not held on to.
        specs = List.of();
        failed = List.of();
        orderRows = NO_ROWS;
        orderTimes = NO_TIMES;
        reducer = NO_FOLD;
        return result;
    }

    @Override
    public void writeTo(int task, FlatVector target, int offset) {
        long begin = System.nanoTime();
        if (perTask && first + task > firstOfBlock) {
            // A backend asks for a task's episode when it has done with the task before.
            orderTimes[first + task - 1] = begin - taskBegan;
        }
        taskBegan = begin;
        TaskSpec spec = specs.get(first + task);
        source.materialise(spec, target, offset);
        running.putAsked(spec, target, offset);
        materialising += System.nanoTime() - begin;
    }

    /** The node of a block of its finite tasks alone. */
    private PartialSum taskByTask(int block, int from, int count) {
        FlatVector sums = storage();
        sums.fill(0);
        double[] totals = new double[width];
        int added = 0;
        FlatVector one = storage();
        for (int task = from; task < from + count; task++) {
            compute(task, 1, one);
            Optional<String> reason = FiniteCheck.describe(runners.program(), one, each);
            if (reason.isPresent()) {
                TaskSpec spec = specs.get(task);
                failed.add(new FailedTask(spec.round(), spec.index(), reason.get()));
            } else if (added++ == 0) {
                sums.copyFrom(one, 0, 0, sumsSize);
                System.arraycopy(each, 0, totals, 0, width);
            } else {
                TreeReducer.addInto(sums, one);
                addTo(totals, 0);
            }
        }
        spare.push(one);
        return PartialSum.block(block, sums, totals, added);
    }

    /** Runs tasks: their sum into {@code sums}, what is kept for each into {@code each}. */
    private void compute(int from, int count, FlatVector sums) {
        int end = from + count;
        int done = group(from, end, sums, each);
        while (done < end) {
            FlatVector next = storage();
            int after = group(done, end, next, eachOfGroup);
            TreeReducer.addInto(sums, next);
            System.arraycopy(eachOfGroup, 0, each, (done - from) * width, (after - done) * width);
            spare.push(next);
            done = after;
        }
    }

    /** Runs the first of the given tasks and those behind it that have its shape; returns the place behind them. */
    private int group(int from, int end, FlatVector sums, double[] kept) {
        CompiledVariant variant = runners.variant(specs.get(from));
        int behind = from + 1;
        while (behind < end && runners.variant(specs.get(behind)).equals(variant)) {
            behind++;
        }
        first = from;
        running = variant;
        workspaces.of(variant).run(behind - from, this, sums, kept);
        return behind;
    }

    private void addTo(double[] totals, int task) {
        for (int i = 0; i < width; i++) {
            totals[i] += each[task * width + i];
        }
    }

    private FlatVector storage() {
        FlatVector free = spare.poll();
        return free != null ? free : FlatVector.zeros(runners.options().precision(), sumsSize);
    }
}
