package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;

/** The executable of a program in float. */
final class FloatExecutable implements Executable {
    private final Program program;
    private final ExecutionPlan<FloatStep> plan;
    private final FloatStep[] perRound;
    private final FloatStep[] perTask;
    private final FloatStep[] perStage;
    private final LoopInstruction.Copy[] outputCopies;

    /**
     * Plans a program.
     *
     * @param program the program before any pass
     * @param rewritten the equal, optimized program that is planned
     * @param emitter creates the steps, which call the kernels of one implementation
     */
    FloatExecutable(Program program, Program rewritten, Emitter<FloatStep> emitter) {
        this.program = program;
        this.plan = Planner.plan(rewritten, emitter, FloatLanes.scratch());
        this.perRound = plan.perRound().toArray(FloatStep[]::new);
        this.perTask = plan.perTask().toArray(FloatStep[]::new);
        this.perStage = plan.perStage().toArray(FloatStep[]::new);
        this.outputCopies = plan.perTaskOutputs().toArray(LoopInstruction.Copy[]::new);
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT;
    }

    @Override
    public Workspace workspace(Device device) {
        return new FloatWorkspace();
    }

    /** The buffers of one thread. */
    private final class FloatWorkspace implements Workspace {
        private final float[][] memory;
        private final FlatVector episode;
        private final int broadcastSize = program.broadcastInputs().size();
        private final int sumsSize = program.sums().size();
        /** Number of elements of one task's per-task outputs. */
        private final int width = program.perTask().size();

        private boolean broadcastSet;

        FloatWorkspace() {
            int[] sizes = plan.sizes();
            memory = new float[sizes.length][];
            for (int space = 0; space < sizes.length; space++) {
                memory[space] = new float[sizes[space] + FloatLanes.slack()];
            }
            memory[ExecutionPlan.INPUTS] = new float[broadcastSize + FloatLanes.slack()];
            episode = new FlatVector.OfFloat(memory[plan.taskInputs().space()]);
        }

        @Override
        public void setBroadcastInputs(FlatVector values) {
            if (!(values instanceof FlatVector.OfFloat source) || values.size() != broadcastSize) {
                throw new IllegalArgumentException("program " + program.name() + " has " + broadcastSize
                        + " elements of broadcast inputs in float, was given " + values);
            }
            System.arraycopy(source.array(), 0, memory[ExecutionPlan.INPUTS], 0, broadcastSize);
            run(perRound);
            broadcastSet = true;
        }

        @Override
        public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] perTaskOutputs) {
            requireBroadcastInputs();
            memory[ExecutionPlan.SUMS] = cleared(sums);
            if (perTaskOutputs.length < tasks * width) {
                throw new IllegalArgumentException("program " + program.name() + " writes " + tasks * width
                        + " per-task outputs for " + tasks + " tasks, but the array holds " + perTaskOutputs.length);
            }
            for (int task = 0; task < tasks; task++) {
                taskInputs.writeTo(task, episode, plan.taskInputs().offset());
                int staged = task % ExecutionPlan.STAGED_TASKS;
                memory[ExecutionPlan.STAGED][0] = staged;
                run(perTask);
                if (staged == ExecutionPlan.STAGED_TASKS - 1 || task == tasks - 1) {
                    run(perStage);
                }
                for (LoopInstruction.Copy copy : outputCopies) {
                    float[] from = memory[copy.from().space()];
                    int at = task * width + copy.to().offset();
                    for (int i = 0; i < copy.size(); i++) {
                        perTaskOutputs[at + i] = from[copy.from().offset() + i];
                    }
                }
            }
        }

        private void requireBroadcastInputs() {
            if (!broadcastSet && broadcastSize == 0) {
                setBroadcastInputs(new FlatVector.OfFloat(new float[0]));
            }
            if (!broadcastSet) {
                throw new IllegalStateException("program " + program.name()
                        + " runs before its broadcast inputs are set: "
                        + program.broadcastInputs().names());
            }
        }

        private float[] cleared(FlatVector sums) {
            if (!(sums instanceof FlatVector.OfFloat target) || sums.size() != sumsSize) {
                throw new IllegalArgumentException("program " + program.name() + " has " + sumsSize
                        + " elements of sums in float, was given " + sums);
            }
            Arrays.fill(target.array(), 0f);
            return target.array();
        }

        private void run(FloatStep[] steps) {
            for (FloatStep step : steps) {
                step.run(memory);
            }
        }

        @Override
        public long bytes() {
            return Arrays.stream(memory)
                    .mapToLong(space -> (long) Float.BYTES * space.length)
                    .sum();
        }
    }
}
