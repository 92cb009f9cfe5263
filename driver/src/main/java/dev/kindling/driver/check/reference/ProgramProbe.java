package dev.kindling.driver.check.reference;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Optional;

/** One program run on one task, in double, for any values of its inputs. Not thread-safe. */
public class ProgramProbe {
    /** What is before an output's name in that of its derivative along a direction. */
    static final String TANGENT = "tangent ";

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
    public final void set(String input, double... numbers) {
        if (inputs.has(input)) {
            int offset = inputs.offset(input);
            for (int i = 0; i < numbers.length; i++) {
                task.set(offset + i, numbers[i]);
            }
        }
    }

    /** Gives all arrays of an episode to the task inputs of their names. */
    public final void setAll(NamedArrays episode) {
        episode.names().forEach(name -> set(name, episode.get(name)));
    }

    /** The outputs at one value of the shared inputs, laid out as the program has them. */
    public final Outputs at(FlatVector shared) {
        FlatVector sums = FlatVector.zeros(Precision.DOUBLE, program.sums().size());
        double[] perTask = new double[program.perTask().size()];
        workspace.setBroadcastInputs(shared);
        workspace.run(1, (index, target, offset) -> target.copyFrom(task, 0, offset, task.size()), sums, perTask);
        return new Outputs(program, sums, perTask);
    }

    /** The outputs where the shared inputs are the arrays of their names. */
    public final Outputs at(NamedArrays shared) {
        return at(shared.flat(program.broadcastInputs()));
    }

    /** The outputs where the shared inputs are the arrays of their names; a probe that follows no direction takes their values. */
    Outputs at(NamedDuals shared) {
        return at(shared.values());
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

        /** A per-task output with its derivative, where there is one. */
        Dual dual(String name) {
            String tangent = TANGENT + name;
            return new Dual(array(name), has(tangent) ? Optional.of(array(tangent)) : Optional.empty());
        }

        /** The summed outputs by name with their derivatives, where there are any. */
        NamedDuals summedDuals() {
            NamedArrays tangents = NamedArrays.empty();
            for (String name : program.sums().names()) {
                if (has(TANGENT + name)) {
                    tangents = tangents.with(name, array(TANGENT + name));
                }
            }
            return new NamedDuals(summed(), tangents);
        }

        /** The summed outputs by name. */
        public NamedArrays summed() {
            return NamedArrays.of(program.sums(), sums);
        }
    }
}
