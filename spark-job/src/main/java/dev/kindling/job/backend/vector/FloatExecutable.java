package dev.kindling.job.backend.vector;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;

/** A program planned in float. */
final class FloatExecutable implements Executable {
    private final Program program;
    private final ExecutionPlan<FloatStep> plan;
    private final FloatStep[] shared;
    private final FloatStep[] perTask;
    private final LoopInstruction.Move[] moves;

    /**
     * Plans a program.
     *
     * @param program what the executable says it runs
     * @param rewritten an equal program that is cheaper to run
     */
    FloatExecutable(Program program, Program rewritten) {
        this.program = program;
        this.plan = Planner.plan(
                rewritten,
                new FloatEmitter(ExecutionPlan.SCRATCH),
                Math.max(FloatReductions.scratch(), FloatMatmul.dotScratch()));
        this.shared = plan.shared().toArray(FloatStep[]::new);
        this.perTask = plan.perTask().toArray(FloatStep[]::new);
        this.moves = plan.each().toArray(LoopInstruction.Move[]::new);
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

    /** One thread's arrays. */
    private final class FloatWorkspace implements Workspace {
        private final float[][] memory;
        private final FlatVector episode;
        private final int sharedSize = program.broadcastInputs().size();
        private final int sumsSize = program.sums().size();
        /** Per-task numbers of one task. */
        private final int width = program.perTask().size();

        private boolean sharing;

        FloatWorkspace() {
            int[] sizes = plan.sizes();
            memory = new float[sizes.length][];
            for (int space = 0; space < sizes.length; space++) {
                memory[space] = new float[sizes[space] + FloatMatmul.slack()];
            }
            memory[ExecutionPlan.INPUTS] = new float[sharedSize + FloatMatmul.slack()];
            episode = new FlatVector.OfFloat(memory[plan.taskInputs().space()]);
        }

        @Override
        public void setBroadcastInputs(FlatVector values) {
            if (!(values instanceof FlatVector.OfFloat source) || values.size() != sharedSize) {
                throw new IllegalArgumentException("program " + program.name() + " takes " + sharedSize
                        + " shared numbers in float, was given " + values);
            }
            System.arraycopy(source.array(), 0, memory[ExecutionPlan.INPUTS], 0, sharedSize);
            run(shared);
            sharing = true;
        }

        @Override
        public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each) {
            requireShared();
            memory[ExecutionPlan.SUMS] = cleared(sums);
            if (each.length < tasks * width) {
                throw new IllegalArgumentException("program " + program.name() + " writes " + tasks * width
                        + " numbers for " + tasks + " tasks, was given room for " + each.length);
            }
            for (int task = 0; task < tasks; task++) {
                taskInputs.writeTo(task, episode, plan.taskInputs().offset());
                run(perTask);
                for (LoopInstruction.Move move : moves) {
                    float[] from = memory[move.from().space()];
                    int at = task * width + move.to().offset();
                    for (int i = 0; i < move.size(); i++) {
                        each[at + i] = from[move.from().offset() + i];
                    }
                }
            }
        }

        private void requireShared() {
            if (!sharing && sharedSize == 0) {
                setBroadcastInputs(new FlatVector.OfFloat(new float[0]));
            }
            if (!sharing) {
                throw new IllegalStateException("program " + program.name() + " runs before its shared inputs are set: "
                        + program.broadcastInputs().names());
            }
        }

        private float[] cleared(FlatVector sums) {
            if (!(sums instanceof FlatVector.OfFloat target) || sums.size() != sumsSize) {
                throw new IllegalArgumentException(
                        "program " + program.name() + " sums up " + sumsSize + " numbers in float, was given " + sums);
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
