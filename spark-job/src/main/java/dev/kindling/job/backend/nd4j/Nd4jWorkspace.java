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

/** The workspace of {@link Nd4jBackend}: the buffers of one thread, and the recorded ops of recently used batch sizes. */
final class Nd4jWorkspace implements Workspace {
    /** Number of batch sizes whose recorded ops are cached: full batches, those at the end of a range, single tasks. */
    private static final int CACHED_BATCHES = 8;

    private static final boolean[] ONE_TASK = {true};

    private final Nd4jExecutable executable;
    private final DeviceBinding binding;
    private final Program program;
    private final TaskBatchPlan plan;
    private final BufferPool pool;
    private final RecordedOp[] perRound;
    private final FlatVector episode;
    private final Map<Integer, TaskBatch> batches = new LinkedHashMap<>();
    private boolean broadcastSet;

    Nd4jWorkspace(Nd4jExecutable executable, DeviceBinding binding) {
        binding.bind();
        this.binding = binding;
        this.executable = executable;
        this.program = executable.program();
        this.plan = executable.plan();
        this.pool = new BufferPool(plan.buffers(), executable.precision(), binding.toString());
        this.perRound = InstructionCompiler.compile(new BufferViews(pool, 1), executable.kernels(), plan.perRound());
        this.episode =
                FlatVector.zeros(executable.precision(), program.taskInputs().size());
    }

    @Override
    public void setBroadcastInputs(FlatVector inputs) {
        require("broadcast inputs", inputs, program.broadcastInputs().size());
        binding.bind();
        try {
            for (TaskBatchPlan.Named input : plan.broadcastInputs()) {
                DataBuffer buffer = pool.buffer(input.view().buffer());
                HostTransfers.write(inputs, input.entry().offset(), input.view().size(), buffer, 0);
            }
            for (RecordedOp recordedOp : perRound) {
                recordedOp.run(ONE_TASK);
            }
            broadcastSet = true;
        } finally {
            Reference.reachabilityFence(pool);
        }
    }

    @Override
    public int tasksAtOnce() {
        return executable.limit();
    }

    @Override
    public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] perTaskOutputs) {
        run(tasks, tasks, taskInputs, List.of(sums), perTaskOutputs);
    }

    @Override
    public void run(int tasks, int blockSize, TaskInputs taskInputs, List<FlatVector> sums, double[] perTaskOutputs) {
        sums.forEach(sum -> require("sums", sum, program.sums().size()));
        requireLength(tasks, perTaskOutputs);
        requireBroadcastInputs();
        binding.bind();
        int count = (tasks + executable.limit() - 1) / executable.limit();
        int batchSize = (tasks + count - 1) / count;
        if (pool.grow(batchSize)) {
            batches.clear();
        }
        try {
            for (int first = 0; first < tasks; first += batchSize) {
                TaskBatch batch = batch(Math.min(batchSize, tasks - first));
                batch.writeInputs(taskInputs, first, episode);
                batch.compute();
                batch.addSums(first, tasks, blockSize, sums);
                batch.readPerTaskOutputs(first, program.perTask().size(), perTaskOutputs);
            }
        } finally {
            Reference.reachabilityFence(pool);
        }
    }

    private TaskBatch batch(int tasks) {
        TaskBatch known = batches.remove(tasks);
        TaskBatch batch = known != null ? known : new TaskBatch(pool, plan, executable.kernels(), tasks);
        batches.put(tasks, batch);
        if (batches.size() > CACHED_BATCHES) {
            batches.remove(batches.keySet().iterator().next());
        }
        return batch;
    }

    private void requireBroadcastInputs() {
        if (!broadcastSet && program.broadcastInputs().size() == 0) {
            setBroadcastInputs(FlatVector.zeros(executable.precision(), 0));
        }
        if (!broadcastSet) {
            throw new IllegalStateException("program " + program.name() + " runs before its broadcast inputs are set: "
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

    private void requireLength(int tasks, double[] perTaskOutputs) {
        int needed = tasks * program.perTask().size();
        if (perTaskOutputs.length < needed) {
            throw new IllegalArgumentException("program " + program.name() + " writes " + needed
                    + " per-task outputs for " + tasks + " tasks, but the array holds " + perTaskOutputs.length);
        }
    }

    @Override
    public long bytes() {
        return pool.bytes();
    }

    @Override
    public void close() {
        binding.bind();
        batches.clear();
        pool.close();
    }
}
