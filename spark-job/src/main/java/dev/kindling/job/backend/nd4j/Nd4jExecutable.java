package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.passes.LowRankMatmulPass;
import dev.kindling.job.program.passes.Passes;
import dev.kindling.job.program.passes.Rematerialization;
import dev.kindling.job.tensor.Precision;

/**
 * The executable of a program planned for batches of tasks of any size.
 *
 * @param limit greatest number of tasks in a batch
 */
record Nd4jExecutable(Program program, Precision precision, TaskBatchPlan plan, Nd4jKernels kernels, int limit)
        implements Executable {
    /**
     * The residuals of one task's loops take at most the memory budget divided by this number, so that at least as many tasks
     * fit into a batch.
     */
    private static final int MIN_BATCH = 8;

    static Nd4jExecutable of(Program program, CompileOptions options) {
        Nd4jRuntime.start();
        return of(
                program,
                options,
                new Nd4jKernels(new BatchedMatmul(
                        Nd4jRuntime.onProcessor()
                                ? BatchedMatmul.BroadcastRight.BATCHED
                                : BatchedMatmul.BroadcastRight.MERGED)));
    }

    static Nd4jExecutable of(Program program, CompileOptions options, Nd4jKernels kernels) {
        Nd4jRuntime.start();
        int bytesPerElement = options.precision().bytes();
        Program canonical = LowRankMatmulPass.rewrite(Passes.canonicalize(program));
        Program rewritten =
                Rematerialization.within(canonical, Math.max(1, options.memoryBytes() / MIN_BATCH), bytesPerElement);
        TaskBatchPlan plan = PlannerContext.plan(rewritten, kernels);
        long left = options.memoryBytes() - plan.bytes(TaskAxis.ONE, bytesPerElement);
        long fitting = left / Math.max(1, plan.bytes(TaskAxis.TASKS, bytesPerElement));
        // Transfers to the host index the elements of a buffer by int.
        long indexable = Integer.MAX_VALUE
                / plan.buffers().stream().mapToInt(Buffer::size).max().orElse(1);
        int limit = (int) Math.max(1, Math.min(fitting, indexable));
        return new Nd4jExecutable(program, options.precision(), plan, kernels, limit);
    }

    @Override
    public Workspace workspace(Device device) {
        return new Nd4jWorkspace(this, DeviceBinding.on(device));
    }
}
