package dev.kindling.job.backend;

import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs programs on a backend with named arrays, for tests. */
public final class Runs {
    private static final long MEMORY = 1L << 28;

    private Runs() {}

    /** All outputs of a program for one task. */
    public static Map<String, double[]> once(
            Backend backend, Precision precision, Program program, Map<String, double[]> inputs) {
        return run(workspace(backend, precision, program), precision, program, inputs, List.of(inputs));
    }

    public static Workspace workspace(Backend backend, Precision precision, Program program) {
        return backend.compile(program, new CompileOptions(precision, MEMORY)).workspace();
    }

    /** All outputs of a program for the given broadcast inputs. */
    public static Map<String, double[]> run(
            Workspace workspace,
            Precision precision,
            Program program,
            Map<String, double[]> broadcastInputs,
            List<Map<String, double[]>> tasks) {
        workspace.setBroadcastInputs(pack(program.broadcastInputs(), precision, broadcastInputs));
        return run(workspace, precision, program, tasks);
    }

    /**
     * All outputs of a program whose broadcast inputs are set: the sums over the tasks, and the concatenated per-task
     * outputs.
     */
    public static Map<String, double[]> run(
            Workspace workspace, Precision precision, Program program, List<Map<String, double[]>> tasks) {
        FlatVector sums = FlatVector.zeros(precision, program.sums().size());
        double[] perTaskOutputs = new double[tasks.size() * program.perTask().size()];
        workspace.run(
                tasks.size(),
                (task, target, offset) -> {
                    FlatVector episode = pack(program.taskInputs(), precision, tasks.get(task));
                    target.copyFrom(episode, 0, offset, episode.size());
                },
                sums,
                perTaskOutputs);
        Map<String, double[]> outputs = new LinkedHashMap<>();
        for (Layout.Entry entry : program.sums().entries()) {
            outputs.put(entry.name(), part(sums.toDoubles(), entry, 0));
        }
        for (Layout.Entry entry : program.perTask().entries()) {
            double[] all = new double[tasks.size() * entry.shape().size()];
            for (int task = 0; task < tasks.size(); task++) {
                double[] part =
                        part(perTaskOutputs, entry, task * program.perTask().size());
                System.arraycopy(part, 0, all, task * part.length, part.length);
            }
            outputs.put(entry.name(), all);
        }
        return outputs;
    }

    private static double[] part(double[] flat, Layout.Entry entry, int begin) {
        int from = begin + entry.offset();
        return Arrays.copyOfRange(flat, from, from + entry.shape().size());
    }

    /** The named arrays, concatenated in the order of a layout. */
    public static FlatVector pack(Layout layout, Precision precision, Map<String, double[]> arrays) {
        FlatVector flat = FlatVector.zeros(precision, layout.size());
        for (Layout.Entry entry : layout.entries()) {
            double[] array = arrays.get(entry.name());
            if (array == null || array.length != entry.shape().size()) {
                throw new IllegalArgumentException("no array of shape " + entry.shape() + " for " + entry.name());
            }
            for (int i = 0; i < array.length; i++) {
                flat.set(entry.offset() + i, array[i]);
            }
        }
        return flat;
    }
}
