package dev.kindling.driver.check.reference;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;

/** One program run on one task, in double, for any values of its inputs. Not thread-safe. */
public final class ProgramProbe {
    private final Program program;
    private final Layout inputs;
    private final Workspace workspace;
    private final FlatVector task;

    /** A probe of an executable in double; task inputs are zeros until they are set. */
    public ProgramProbe(Executable executable) {
        this.program = executable.program();
        this.inputs = program.taskInputs();
        this.workspace = executable.workspace();
        this.task = FlatVector.zeros(Precision.DOUBLE, inputs.size());
    }

    /** Gives a task input its numbers, if the program has it. */
    public void set(String input, double... numbers) {
        if (inputs.has(input)) {
            int offset = inputs.offset(input);
            for (int i = 0; i < numbers.length; i++) {
                task.set(offset + i, numbers[i]);
            }
        }
    }

    /** Gives all arrays of an episode to the task inputs of their names. */
    public void setAll(NamedArrays episode) {
        episode.names().forEach(name -> set(name, episode.get(name)));
    }

    /** The outputs at one value of the shared inputs, laid out as the program has them. */
    public Outputs at(FlatVector shared) {
        FlatVector sums = FlatVector.zeros(Precision.DOUBLE, program.sums().size());
        double[] perTask = new double[program.perTask().size()];
        workspace.setBroadcastInputs(shared);
        workspace.run(1, (index, target, offset) -> target.copyFrom(task, 0, offset, task.size()), sums, perTask);
        return new Outputs(program, sums, perTask);
    }

    /** The outputs where the shared inputs are the arrays of their names. */
    public Outputs at(NamedArrays shared) {
        return at(shared.flat(program.broadcastInputs()));
    }

    /** What the program gave: the summed outputs flat, then the outputs for each task. */
    public record Outputs(Program program, FlatVector sums, double[] perTask) {
        /** A per-task output that is a scalar. */
        public double scalar(String name) {
            return perTask[program.perTask().offset(name)];
        }

        /** Whether there is such a per-task output. */
        public boolean has(String name) {
            return program.perTask().has(name);
        }

        /** A per-task output. */
        public double[] array(String name) {
            Layout.Entry entry = program.perTask().entry(name);
            double[] array = new double[entry.shape().size()];
            System.arraycopy(perTask, entry.offset(), array, 0, array.length);
            return array;
        }

        /** The summed outputs by name. */
        public NamedArrays summed() {
            return NamedArrays.of(program.sums(), sums);
        }
    }
}
