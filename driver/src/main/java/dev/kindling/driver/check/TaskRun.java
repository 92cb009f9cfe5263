package dev.kindling.driver.check;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.OptionalDouble;

/** One program on one task, in double, for any number of values of its shared inputs. Not thread-safe. */
final class TaskRun {
    private final Program program;
    private final Workspace workspace;
    private final Storage episode;

    /**
     * The program of an executable in double on an episode.
     *
     * @param episode laid out as the arrays of the program's task inputs
     * @param round that the task belongs to
     * @param key that the task's random numbers are drawn with, where the program draws any: held fixed, so that the
     *     program is a function like any other
     */
    TaskRun(Executable executable, Storage episode, long round, int[] key) {
        this.program = executable.program();
        this.workspace = executable.workspace();
        Layout inputs = program.taskInputs();
        this.episode = Storage.zeros(Precision.DOUBLE, inputs.size());
        this.episode.copyFrom(episode, 0, 0, episode.size());
        if (inputs.has(EpisodeLayout.ROUND)) {
            this.episode.set(inputs.offset(EpisodeLayout.ROUND), (double) round);
        }
        if (inputs.has(EpisodeLayout.KEY)) {
            int at = inputs.offset(EpisodeLayout.KEY);
            for (int i = 0; i < key.length; i++) {
                this.episode.set(at + i, key[i]);
            }
        }
    }

    /** Gives an input of one number another value, if the program has it. */
    void put(String input, double value) {
        if (program.taskInputs().has(input)) {
            episode.set(program.taskInputs().offset(input), value);
        }
    }

    /** The outputs at one value of the shared inputs. */
    Outputs at(Storage shared) {
        Storage sums = Storage.zeros(Precision.DOUBLE, program.sums().size());
        double[] each = new double[program.perTask().size()];
        workspace.share(shared);
        workspace.run(1, (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size()), sums, each);
        return new Outputs(program, sums, each);
    }

    /** What the program gave: the summed outputs flat, the others by name. */
    record Outputs(Program program, Storage sums, double[] each) {
        /** A scalar that the program gives for each task. */
        double scalar(String name) {
            return each[program.perTask().offset(name)];
        }

        /** The same, where the program gives it. */
        OptionalDouble optional(String name) {
            return program.perTask().has(name) ? OptionalDouble.of(scalar(name)) : OptionalDouble.empty();
        }
    }
}
