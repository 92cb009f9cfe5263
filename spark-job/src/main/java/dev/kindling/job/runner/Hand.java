package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FailedTask;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
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
final class Hand implements Workspace.Episodes {
    /**
     * What a hand did of an order.
     *
     * @param nodes the maximal nodes of its blocks, left to right
     * @param failed tasks left out
     * @param materialise nanoseconds making episodes
     * @param compute nanoseconds running programs and adding blocks up
     */
    record Part(List<FoldNode> nodes, List<FailedTask> failed, long materialise, long compute) {}

    private static final double[] NO_ROWS = {};
    private static final long[] NO_TIMES = {};
    private static final Fold NO_FOLD = new Fold(1);

    private final int blockSize;
    private final Bench bench;
    private final Device device;
    private final Workspaces workspaces;
    private final TaskSource source;
    private final int sumsSize;
    /** Per-task numbers of one task. */
    private final int width;
    /** Per-task numbers of one block. */
    private final double[] each;
    /** Per-task numbers of one group of a block but the first. */
    private final double[] eachOfGroup;

    private final ArrayDeque<Storage> spare = new ArrayDeque<>();
    private List<TaskSpec> specs = List.of();
    private List<FailedTask> failed = List.of();
    private double[] orderRows = NO_ROWS;
    private long[] orderTimes = NO_TIMES;
    private Fold fold = NO_FOLD;
    private boolean withRows;
    private int firstBlock;
    /** Place among the specs of the first task of the block that is running. */
    private int firstOfBlock;
    /** Place of the first task of the group that is running. */
    private int first;
    /** What the tasks of that group run with. */
    private Variant running;

    private long began;
    private long materialising;
    /** When the task that is running began. */
    private long taskBegan;

    Hand(Bench bench, Device device) {
        this.bench = bench;
        this.device = device;
        this.running = bench.first();
        this.blockSize = bench.blockSize();
        this.workspaces = new Workspaces(bench.options().memoryBytes(), device);
        this.source = bench.source();
        this.sumsSize = bench.program().sums().size();
        this.width = bench.width();
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
    void begin(WorkOrder order, SharedVector vector, double[] rows, long[] times) {
        began = System.nanoTime();
        materialising = 0;
        withRows = order.rows();
        firstBlock = order.firstTask() / blockSize;
        specs = order.specs();
        orderRows = rows;
        orderTimes = times;
        failed = new ArrayList<>();
        fold = new Fold(order.blocks(), spare::push);
        workspaces.use(vector);
    }

    /** How many blocks, from the given one of the order on, are best run at once: as many as its workspace wants tasks. */
    int blocksAtOnce(int block) {
        Variant variant = bench.variant(specs.get(firstTask(block)));
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
        Storage sums = storage();
        firstOfBlock = from;
        long begin = System.nanoTime();
        compute(from, count, sums);
        finishTimes(from, count, begin);
        take(block, from, count, sums);
    }

    private boolean ofOneShape(int from, int end) {
        Variant variant = bench.variant(specs.get(from));
        return specs.subList(from, end).stream()
                .allMatch(spec -> bench.variant(spec).equals(variant));
    }

    /** Blocks whose tasks have one shape, in one run of their workspace. */
    private void runTogether(int block, int from, int end) {
        List<Storage> sums = new ArrayList<>();
        for (int begin = from; begin < end; begin += blockSize) {
            sums.add(storage());
        }
        double[] eachOfAll = new double[Math.multiplyExact(end - from, width)];
        first = from;
        firstOfBlock = from;
        running = bench.variant(specs.get(from));
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
        if (!withRows) {
            return;
        }
        long now = System.nanoTime();
        orderTimes[from + count - 1] = now - taskBegan;
        if (workspaces.of(running).tasksAtOnce() > 1) {
            Arrays.fill(orderTimes, from, from + count, (now - begin) / count);
        }
    }

    /** Adds a block that has run, with its per-task numbers in {@code each}. */
    private void take(int block, int from, int count, Storage sums) {
        FoldNode node = FoldNode.block(block, sums, totals(count), count);
        if (withRows) {
            fold.add(node);
            System.arraycopy(each, 0, orderRows, from * width, count * width);
        } else if (Finite.all(node.sums()) && Finite.all(node.totals())) {
            fold.add(node);
        } else {
            spare.push(sums);
            fold.add(taskByTask(block, from, count));
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
    Part end() {
        Part part = new Part(fold.nodes(), failed, materialising, System.nanoTime() - began - materialising);
        // What has left with the part is not held on to.
        specs = List.of();
        failed = List.of();
        orderRows = NO_ROWS;
        orderTimes = NO_TIMES;
        fold = NO_FOLD;
        return part;
    }

    @Override
    public void fill(int task, Storage target, int offset) {
        long begin = System.nanoTime();
        if (withRows && first + task > firstOfBlock) {
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
    private FoldNode taskByTask(int block, int from, int count) {
        Storage sums = storage();
        sums.fill(0);
        double[] totals = new double[width];
        int added = 0;
        Storage one = storage();
        for (int task = from; task < from + count; task++) {
            compute(task, 1, one);
            Optional<String> reason = Finite.complaint(bench.program(), one, each);
            if (reason.isPresent()) {
                TaskSpec spec = specs.get(task);
                failed.add(new FailedTask(spec.round(), spec.index(), reason.get()));
            } else if (added++ == 0) {
                sums.copyFrom(one, 0, 0, sumsSize);
                System.arraycopy(each, 0, totals, 0, width);
            } else {
                Fold.addInto(sums, one);
                addTo(totals, 0);
            }
        }
        spare.push(one);
        return FoldNode.block(block, sums, totals, added);
    }

    /** Runs tasks: their sum into {@code sums}, what is kept for each into {@code each}. */
    private void compute(int from, int count, Storage sums) {
        int end = from + count;
        int done = group(from, end, sums, each);
        while (done < end) {
            Storage next = storage();
            int after = group(done, end, next, eachOfGroup);
            Fold.addInto(sums, next);
            System.arraycopy(eachOfGroup, 0, each, (done - from) * width, (after - done) * width);
            spare.push(next);
            done = after;
        }
    }

    /** Runs the first of the given tasks and those behind it that have its shape; returns the place behind them. */
    private int group(int from, int end, Storage sums, double[] kept) {
        Variant variant = bench.variant(specs.get(from));
        int behind = from + 1;
        while (behind < end && bench.variant(specs.get(behind)).equals(variant)) {
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

    private Storage storage() {
        Storage free = spare.poll();
        return free != null ? free : Storage.zeros(bench.options().precision(), sumsSize);
    }
}
