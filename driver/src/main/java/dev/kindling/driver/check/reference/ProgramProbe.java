package dev.kindling.driver.check.reference;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Optional;
import java.util.function.Function;

/** Runs a program on a single task in double precision, for given values of its inputs. Not thread-safe. */
public final class ProgramProbe {
    /** The prefix of the name of an output's directional derivative. */
    static final String TANGENT = "tangent ";

    private final Program program;
    private final Layout inputs;
    private final Workspace workspace;
    private final FlatVector task;
    private final Function<NamedDuals, NamedArrays> broadcastInputs;

    /** A probe of an executable in double precision; task inputs are zero until they are set. */
    public ProgramProbe(Executable executable) {
        this(executable, NamedDuals::values);
    }

    /** A probe whose program takes its broadcast inputs from dual numbers as given. */
    ProgramProbe(Executable executable, Function<NamedDuals, NamedArrays> broadcastInputs) {
        this.broadcastInputs = broadcastInputs;
        this.program = executable.program();
        this.inputs = program.taskInputs();
        this.workspace = executable.workspace();
        this.task = FlatVector.zeros(Precision.DOUBLE, inputs.size());
    }

    /** Sets a task input, if the program has it. */
    public void set(String input, double... numbers) {
        if (inputs.has(input)) {
            int offset = inputs.offset(input);
            for (int i = 0; i < numbers.length; i++) {
                task.set(offset + i, numbers[i]);
            }
        }
    }

    /** Whether the program has a task input of this name. */
    boolean has(String input) {
        return inputs.has(input);
    }

    /** Sets the task inputs named like the arrays of an episode. */
    public void setAll(NamedArrays episode) {
        episode.names().forEach(name -> set(name, episode.get(name)));
    }

    /** The outputs at a value of the broadcast inputs, in the program's layout. */
    public Outputs at(FlatVector broadcast) {
        FlatVector sums = FlatVector.zeros(Precision.DOUBLE, program.sums().size());
        double[] perTask = new double[program.perTask().size()];
        workspace.setBroadcastInputs(broadcast);
        workspace.run(1, (index, target, offset) -> target.copyFrom(task, 0, offset, task.size()), sums, perTask);
        return new Outputs(program, sums, perTask);
    }

    /** The outputs with the broadcast inputs given by name. */
    public Outputs at(NamedArrays broadcast) {
        return at(broadcast.flat(program.broadcastInputs()));
    }

    /** The outputs with the broadcast inputs given by name; tangents are ignored by programs that have no inputs for them. */
    Outputs at(NamedDuals broadcast) {
        return at(broadcastInputs.apply(broadcast));
    }

    /** The outputs of the program: the summed outputs as a flat vector, and the per-task outputs. */
    public record Outputs(Program program, FlatVector sums, double[] perTask) {
        /** The value of a scalar per-task output. */
        public double scalar(String name) {
            return perTask[program.perTask().offset(name)];
        }

        /** Whether there is a per-task output of this name. */
        public boolean has(String name) {
            return program.perTask().has(name);
        }

        /** The values of a per-task output. */
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

        /** The summed outputs by name, with their derivatives if the program computes them. */
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
