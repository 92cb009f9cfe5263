package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.lang.ref.Reference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** One thread's memory for a program, and the steps over it for each count of tasks that it met lately. */
final class Nd4jWorkspace implements Workspace {
    /** Counts of tasks whose steps are kept: whole sub-blocks, those at the end of a range, and single tasks. */
    private static final int COUNTS = 8;

    private static final boolean[] ONE_TASK = {true};

    private final Nd4jExecutable executable;
    private final DeviceBinding binding;
    private final Program program;
    private final TaskBatchPlan plan;
    private final BufferPool pool;
    private final RecordedOp[] shared;
    private final FlatVector episode;
    private final Map<Integer, TaskBatch> batches = new LinkedHashMap<>();
    private boolean sharing;

    Nd4jWorkspace(Nd4jExecutable executable, DeviceBinding binding) {
        binding.take();
        this.binding = binding;
        this.executable = executable;
        this.program = executable.program();
        this.plan = executable.plan();
        this.pool = new BufferPool(plan.buffers(), executable.precision(), binding.toString());
        this.shared = InstructionCompiler.write(new BufferViews(pool, 1), executable.kernels(), plan.shared());
        this.episode =
                FlatVector.zeros(executable.precision(), program.taskInputs().size());
    }

    @Override
    public void setBroadcastInputs(FlatVector inputs) {
        require("shared inputs", inputs, program.broadcastInputs().size());
        binding.take();
        try {
            for (TaskBatchPlan.Named input : plan.sharedInputs()) {
                DataBuffer buffer = pool.buffer(input.view().buffer());
                HostTransfers.write(inputs, input.entry().offset(), input.view().size(), buffer, 0);
            }
            for (RecordedOp recordedOp : shared) {
                recordedOp.run(ONE_TASK);
            }
            sharing = true;
        } finally {
            Reference.reachabilityFence(pool);
        }
    }

    @Override
    public int tasksAtOnce() {
        return executable.limit();
    }

    @Override
    public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each) {
        run(tasks, tasks, taskInputs, List.of(sums), each);
    }

    @Override
    public void run(int tasks, int blockSize, TaskInputs taskInputs, List<FlatVector> sums, double[] each) {
        sums.forEach(sum -> require("sums", sum, program.sums().size()));
        requireRoom(tasks, each);
        requireShared();
        binding.take();
        int parts = (tasks + executable.limit() - 1) / executable.limit();
        int atOnce = (tasks + parts - 1) / parts;
        if (pool.grow(atOnce)) {
            batches.clear();
        }
        try {
            for (int first = 0; first < tasks; first += atOnce) {
                TaskBatch batch = subBlock(Math.min(atOnce, tasks - first));
                batch.fill(taskInputs, first, episode);
                batch.compute();
                batch.add(first, tasks, blockSize, sums);
                batch.keep(first, program.perTask().size(), each);
            }
        } finally {
            Reference.reachabilityFence(pool);
        }
    }

    private TaskBatch subBlock(int tasks) {
        TaskBatch known = batches.remove(tasks);
        TaskBatch batch = known != null ? known : new TaskBatch(pool, plan, executable.kernels(), tasks);
        batches.put(tasks, batch);
        if (batches.size() > COUNTS) {
            batches.remove(batches.keySet().iterator().next());
        }
        return batch;
    }

    private void requireShared() {
        if (!sharing && program.broadcastInputs().size() == 0) {
            setBroadcastInputs(FlatVector.zeros(executable.precision(), 0));
        }
        if (!sharing) {
            throw new IllegalStateException("program " + program.name() + " runs before its shared inputs are set: "
                    + program.broadcastInputs().names());
        }
    }

    private void require(String what, FlatVector numbers, int expected) {
        Precision precision = executable.precision();
        if (numbers.size() != expected || numbers.precision() != precision) {
            throw new IllegalArgumentException("program " + program.name() + " has " + expected + " numbers of " + what
                    + " in " + precision + ", was given " + numbers);
        }
    }

    private void requireRoom(int tasks, double[] each) {
        int needed = tasks * program.perTask().size();
        if (each.length < needed) {
            throw new IllegalArgumentException("program " + program.name() + " writes " + needed + " numbers for "
                    + tasks + " tasks, was given room for " + each.length);
        }
    }

    @Override
    public long bytes() {
        return pool.bytes();
    }

    @Override
    public void close() {
        binding.take();
        batches.clear();
        pool.close();
    }
}
