package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.OutputMode;
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
 * Runs blocks of one program on one device for one thread at a time: holds the workspaces and the arrays that are reused
 * from range to range, while a {@link RangeRun} holds the state of one range. In the steady state a range allocates the
 * vectors of the partial sums that leave with its result, and a few small objects a block. Not thread-safe.
 *
 * <p>Adjacent tasks of a block that have one shape and belong to one member run together, and the sums of such groups are added
 * in task order: the groups, and with them the bits of the sums, follow from the block's specs alone.
 */
final class BlockRunner {
    /**
     * What one thread has run of a range.
     *
     * @param sums the maximal partial sums of its blocks, left to right
     * @param failed tasks left out
     * @param materialise nanoseconds making episodes
     * @param compute nanoseconds running programs and adding blocks
     */
    record Result(List<PartialSum> sums, List<FailedTask> failed, long materialise, long compute) {}

    private final int blockSize;
    private final BlockRunnerPool runners;
    private final Device device;
    private final WorkspaceCache workspaces;
    private final TaskSource source;
    private final int members;
    private final int sumsSize;
    /** The sums of one member's tasks; those of the whole program where there is one member. */
    private final int memberSumsSize;
    /** Vectors of the sums of one member's tasks, to be reused; not used where there is one member. */
    private final ArrayDeque<FlatVector> spareMemberSums = new ArrayDeque<>();
    /** Number of per-task outputs of one task. */
    private final int width;
    /** Per-task outputs of one block. */
    private final double[] blockOutputs;
    /** Per-task outputs of one group of a block, except the first group. */
    private final double[] groupOutputs;
    /** Vectors of merged partial sums, to be reused. */
    private final ArrayDeque<FlatVector> spare = new ArrayDeque<>();

    BlockRunner(BlockRunnerPool runners, Device device) {
        this.runners = runners;
        this.device = device;
        this.blockSize = runners.blockSize();
        this.workspaces = new WorkspaceCache(
                runners.options().memoryBytes(), device, runners.program().members());
        this.source = runners.source();
        this.members = runners.program().members();
        this.sumsSize = runners.program().sumsSize();
        this.memberSumsSize = runners.program().sums().size();
        this.width = runners.width();
        this.blockOutputs = new double[Math.multiplyExact(blockSize, width)];
        this.groupOutputs = new double[blockOutputs.length];
    }

    Device device() {
        return device;
    }

    /** Bytes of its workspaces. */
    long bytes() {
        return workspaces.bytes();
    }

    /** Releases the memory of its workspaces; the runner must not be used afterwards. */
    void close() {
        workspaces.close();
    }

    /**
     * Begins to run blocks of a range.
     *
     * @param perTaskOutputs of the whole range, into which the outputs of this thread's tasks are written
     * @param taskNanos of the whole range, likewise
     */
    RangeRun begin(RangeRequest request, BroadcastVector vector, double[] perTaskOutputs, long[] taskNanos) {
        workspaces.use(vector);
        return new RangeRun(request, perTaskOutputs, taskNanos);
    }

    private FlatVector vector() {
        FlatVector free = spare.poll();
        return free != null ? free : FlatVector.zeros(runners.options().precision(), sumsSize);
    }

    /** A vector for the sums of tasks of one member that are to be placed in {@code sums}. */
    private FlatVector memberSums(FlatVector sums) {
        if (members == 1) {
            return sums;
        }
        FlatVector free = spareMemberSums.poll();
        return free != null ? free : FlatVector.zeros(runners.options().precision(), memberSumsSize);
    }

    /** Overwrites {@code sums} with the sums of one member's tasks, and zeros for the other members. */
    private void place(FlatVector memberSums, int member, FlatVector sums) {
        if (members > 1) {
            sums.fill(0);
            sums.copyFrom(memberSums, 0, member * memberSumsSize, memberSumsSize);
            spareMemberSums.push(memberSums);
        }
    }

    private void addTo(double[] totals, int task) {
        for (int i = 0; i < width; i++) {
            totals[i] += blockOutputs[task * width + i];
        }
    }

    private double[] totals(int count) {
        double[] totals = Arrays.copyOf(blockOutputs, width);
        for (int task = 1; task < count; task++) {
            addTo(totals, task);
        }
        return totals;
    }

    /** The blocks of one range that this runner runs. */
    final class RangeRun implements Workspace.TaskInputs {
        private final List<TaskSpec> specs;
        private final int firstBlock;
        private final boolean perTask;
        private final double[] perTaskOutputs;
        private final long[] taskNanos;
        private final List<FailedTask> failed = new ArrayList<>();
        private final TreeReducer reducer;
        private final long begin = System.nanoTime();
        private long materialising;

        /** Index among the specs of the first task of the running block. */
        private int firstOfBlock;
        /** Index of the first task of the running group. */
        private int firstOfGroup;
        /** The variant that the running group's tasks have. */
        private CompiledVariant variant = runners.first();
        /** The member that the running group's tasks belong to. */
        private int member;
        /** When the running task began. */
        private long taskBegin;

        private RangeRun(RangeRequest request, double[] perTaskOutputs, long[] taskNanos) {
            this.specs = request.specs();
            this.firstBlock = request.firstTask() / blockSize;
            this.perTask = request.outputs() == OutputMode.PER_TASK;
            this.perTaskOutputs = perTaskOutputs;
            this.taskNanos = taskNanos;
            this.reducer = new TreeReducer(request.blocks(), spare::push);
        }

        /** How many blocks from the given one on are best run in one call: enough for the workspace's batch of tasks. */
        int blocksAtOnce(int block) {
            TaskSpec next = specs.get(firstTask(block));
            return Math.max(
                    1, workspaces.of(runners.variant(next), member(next)).tasksAtOnce() / blockSize);
        }

        /** Runs consecutive blocks of the range and adds their sums. */
        void run(int block, int count) {
            int from = firstTask(block);
            int end = Math.min(firstTask(block + count), specs.size());
            if (count > 1 && beginGroup(from, end) == end) {
                runTogether(block, from, end);
                return;
            }
            for (int one = block; one < block + count; one++) {
                runAlone(one);
            }
        }

        /** The result of the blocks that have run. */
        Result end() {
            return new Result(reducer.nodes(), failed, materialising, System.nanoTime() - begin - materialising);
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
            FlatVector sums = vector();
            firstOfBlock = from;
            long start = System.nanoTime();
            compute(from, count, sums);
            finishTimes(from, count, start);
            add(block, from, count, sums);
        }

        private int member(TaskSpec spec) {
            return runners.program().member(spec);
        }

        /** Runs blocks whose tasks are the group that has begun in one call of their workspace. */
        private void runTogether(int block, int from, int end) {
            List<FlatVector> sums = new ArrayList<>();
            for (int first = from; first < end; first += blockSize) {
                sums.add(vector());
            }
            List<FlatVector> ofMember =
                    sums.stream().map(BlockRunner.this::memberSums).toList();
            double[] outputs = new double[Math.multiplyExact(end - from, width)];
            firstOfBlock = from;
            long start = System.nanoTime();
            workspaces.of(variant, member).run(end - from, blockSize, this, ofMember, outputs);
            finishTimes(from, end - from, start);
            for (int i = 0; i < sums.size(); i++) {
                int first = from + i * blockSize;
                int count = tasks(first);
                place(ofMember.get(i), member, sums.get(i));
                System.arraycopy(outputs, (first - from) * width, blockOutputs, 0, count * width);
                add(block + i, first, count, sums.get(i));
            }
        }

        /** Sets the time of the last task of a sequence; for tasks that ran as a batch, an equal share for each. */
        private void finishTimes(int from, int count, long start) {
            if (!perTask) {
                return;
            }
            long now = System.nanoTime();
            taskNanos[from + count - 1] = now - taskBegin;
            if (workspaces.of(variant, member).tasksAtOnce() > 1) {
                Arrays.fill(taskNanos, from, from + count, (now - start) / count);
            }
        }

        /** Adds a block that has run, with its per-task outputs in {@code blockOutputs}. */
        private void add(int block, int from, int count, FlatVector sums) {
            PartialSum sum = PartialSum.block(block, sums, totals(count), count);
            if (perTask) {
                reducer.add(sum);
                System.arraycopy(blockOutputs, 0, perTaskOutputs, from * width, count * width);
            } else if (FiniteCheck.all(sum.sums()) && FiniteCheck.all(sum.totals())) {
                reducer.add(sum);
            } else {
                spare.push(sums);
                reducer.add(taskByTask(block, from, count));
            }
        }

        @Override
        public void writeTo(int task, FlatVector target, int offset) {
            long start = System.nanoTime();
            if (perTask && firstOfGroup + task > firstOfBlock) {
                // A backend requests the inputs of a task when it has finished the task before.
                taskNanos[firstOfGroup + task - 1] = start - taskBegin;
            }
            taskBegin = start;
            TaskSpec spec = specs.get(firstOfGroup + task);
            source.materialise(spec, target, offset);
            variant.writeKeyAndRound(spec, target, offset);
            materialising += System.nanoTime() - start;
        }

        /** The partial sum of the finite tasks of a block, which run one by one. */
        private PartialSum taskByTask(int block, int from, int count) {
            FlatVector sums = vector();
            sums.fill(0);
            double[] totals = new double[width];
            int added = 0;
            FlatVector one = vector();
            for (int task = from; task < from + count; task++) {
                compute(task, 1, one);
                Optional<String> reason =
                        FiniteCheck.describe(runners.program(), one, member * memberSumsSize, blockOutputs);
                if (reason.isPresent()) {
                    TaskSpec spec = specs.get(task);
                    failed.add(new FailedTask(spec.round(), spec.index(), reason.get()));
                } else if (added++ == 0) {
                    sums.copyFrom(one, 0, 0, sumsSize);
                    System.arraycopy(blockOutputs, 0, totals, 0, width);
                } else {
                    TreeReducer.addInto(sums, one);
                    addTo(totals, 0);
                }
            }
            spare.push(one);
            return PartialSum.block(block, sums, totals, added);
        }

        /** Runs tasks; writes their sum into {@code sums} and their per-task outputs into {@code blockOutputs}. */
        private void compute(int from, int count, FlatVector sums) {
            int end = from + count;
            int done = runGroup(from, end, sums, blockOutputs);
            while (done < end) {
                FlatVector next = vector();
                int groupEnd = runGroup(done, end, next, groupOutputs);
                TreeReducer.addInto(sums, next);
                System.arraycopy(groupOutputs, 0, blockOutputs, (done - from) * width, (groupEnd - done) * width);
                spare.push(next);
                done = groupEnd;
            }
        }

        /** Runs the first of the given tasks and the following ones of its group; returns the end of the group. */
        private int runGroup(int from, int end, FlatVector sums, double[] outputs) {
            int groupEnd = beginGroup(from, end);
            FlatVector ofMember = memberSums(sums);
            workspaces.of(variant, member).run(groupEnd - from, this, ofMember, outputs);
            place(ofMember, member, sums);
            return groupEnd;
        }

        /** Begins the group of the tasks from the given one on that have its shape and its member; returns its end. */
        private int beginGroup(int from, int end) {
            firstOfGroup = from;
            variant = runners.variant(specs.get(from));
            member = member(specs.get(from));
            int groupEnd = from + 1;
            while (groupEnd < end
                    && member(specs.get(groupEnd)) == member
                    && runners.variant(specs.get(groupEnd)).equals(variant)) {
                groupEnd++;
            }
            return groupEnd;
        }
    }
}
