package dev.kindling.job.runner;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FailedTask;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to run orders of one program: a workspace, and arrays that are used again. In the steady state
 * an order allocates the arrays of the nodes that leave with its reply, and a few small objects a block. Not
 * thread-safe.
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
    private final Executable executable;
    private final Workspace workspace;
    private final TaskSource source;
    private final int sumsSize;
    /** Per-task numbers of one task. */
    private final int width;
    /** Per-task numbers of one block. */
    private final double[] each;
    /** Where the task's key stands in its inputs; below 0 where the program does not ask for it. */
    private final int keyAt;

    private final ArrayDeque<Storage> spare = new ArrayDeque<>();
    private @Nullable SharedVector shared;
    private List<TaskSpec> specs = List.of();
    private List<FailedTask> failed = List.of();
    private double[] orderRows = NO_ROWS;
    private long[] orderTimes = NO_TIMES;
    private Fold fold = NO_FOLD;
    private boolean withRows;
    private int firstBlock;
    private int first;
    private long began;
    private long materialising;
    /** When the task that is running began. */
    private long taskBegan;

    Hand(int blockSize, Executable executable, TaskSource source) {
        this.blockSize = blockSize;
        this.executable = executable;
        this.workspace = executable.workspace();
        this.source = source;
        this.sumsSize = executable.program().sums().size();
        this.width = executable.program().perTask().size();
        this.each = new double[Math.multiplyExact(blockSize, width)];
        Layout inputs = executable.program().taskInputs();
        this.keyAt = inputs.names().contains(EpisodeLayout.KEY) ? inputs.offset(EpisodeLayout.KEY) : -1;
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
        use(vector);
    }

    /** Runs one block of the order and adds it to the others that this hand has run. */
    void run(int block) {
        int from = (block - firstBlock) * blockSize;
        int count = Math.min(blockSize, specs.size() - from);
        if (withRows) {
            fold.add(block(block, from, count));
            orderTimes[from + count - 1] = System.nanoTime() - taskBegan;
            System.arraycopy(each, 0, orderRows, from * width, count * width);
        } else {
            fold.add(finiteBlock(block, from, count));
        }
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

    /** The same instance holds the same numbers; an equal version of another cluster may not. */
    @SuppressWarnings("ReferenceEquality")
    private void use(SharedVector vector) {
        if (shared != vector) {
            workspace.share(vector.values());
            shared = vector;
        }
    }

    @Override
    public void fill(int task, Storage target, int offset) {
        long begin = System.nanoTime();
        if (withRows && task > 0) {
            // A backend asks for a task's episode when it has done with the task before.
            orderTimes[first + task - 1] = begin - taskBegan;
        }
        taskBegan = begin;
        TaskSpec spec = specs.get(first + task);
        source.materialise(spec, target, offset);
        if (keyAt >= 0) {
            int[] key = spec.key();
            for (int i = 0; i < key.length; i++) {
                target.set(offset + keyAt + i, key[i]);
            }
        }
        materialising += System.nanoTime() - begin;
    }

    private FoldNode block(int block, int from, int count) {
        Storage sums = storage();
        compute(from, count, sums);
        double[] totals = Arrays.copyOf(each, width);
        for (int task = 1; task < count; task++) {
            addTo(totals, task);
        }
        return FoldNode.block(block, sums, totals, count);
    }

    /** The block's node; where it is not finite, of its finite tasks alone. */
    private FoldNode finiteBlock(int block, int from, int count) {
        FoldNode node = block(block, from, count);
        if (Finite.all(node.sums()) && Finite.all(node.totals())) {
            return node;
        }
        spare.push(node.sums());
        return taskByTask(block, from, count);
    }

    private FoldNode taskByTask(int block, int from, int count) {
        Storage sums = storage();
        sums.fill(0);
        double[] totals = new double[width];
        int added = 0;
        Storage one = storage();
        for (int task = from; task < from + count; task++) {
            compute(task, 1, one);
            Optional<String> reason = Finite.complaint(executable.program(), one, each);
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

    private void compute(int from, int count, Storage sums) {
        first = from;
        workspace.run(count, this, sums, each);
    }

    private void addTo(double[] totals, int task) {
        for (int i = 0; i < width; i++) {
            totals[i] += each[task * width + i];
        }
    }

    private Storage storage() {
        Storage free = spare.poll();
        return free != null ? free : Storage.zeros(executable.precision(), sumsSize);
    }
}
