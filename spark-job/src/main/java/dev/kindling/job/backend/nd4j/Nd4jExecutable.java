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
 * A program planned for any number of tasks.
 *
 * @param limit tasks that run at once at most
 */
record Nd4jExecutable(Program program, Precision precision, TaskBatchPlan plan, Nd4jKernels kernels, int limit)
        implements Executable {
    /**
     * Loops keep for their reverse at most this part of the memory for one task, so that at least as many tasks run at
     * once.
     */
    private static final int TASKS_AT_LEAST = 8;

    static Nd4jExecutable of(Program program, CompileOptions options) {
        Nd4jRuntime.start();
        return of(
                program,
                options,
                new Nd4jKernels(new BatchedMatmul(
                        Nd4jRuntime.onProcessor() ? BatchedMatmul.Rows.OF_EACH_TASK : BatchedMatmul.Rows.TOGETHER)));
    }

    static Nd4jExecutable of(Program program, CompileOptions options, Nd4jKernels kernels) {
        Nd4jRuntime.start();
        int bytesPerNumber = options.precision().bytes();
        Program lean = LowRankMatmulPass.rewrite(Passes.canonicalize(program));
        Program rewritten =
                Rematerialization.within(lean, Math.max(1, options.memoryBytes() / TASKS_AT_LEAST), bytesPerNumber);
        TaskBatchPlan plan = PlannerContext.plan(rewritten, kernels);
        long left = options.memoryBytes() - plan.bytes(TaskAxis.ONE, bytesPerNumber);
        long fitting = left / Math.max(1, plan.bytes(TaskAxis.TASKS, bytesPerNumber));
        // Every buffer's elements are counted in int where they come to the host.
        long countable = Integer.MAX_VALUE
                / plan.buffers().stream().mapToInt(Buffer::size).max().orElse(1);
        int limit = (int) Math.max(1, Math.min(fitting, countable));
        return new Nd4jExecutable(program, options.precision(), plan, kernels, limit);
    }

    @Override
    public Workspace workspace(Device device) {
        return new Nd4jWorkspace(this, DeviceBinding.on(device));
    }
}
