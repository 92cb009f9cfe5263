package dev.kindling.job.backend.reference;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.TaskDependence;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The workspace of {@link ReferenceBackend}: computes task-independent values once per {@link #setBroadcastInputs}, all
 * others once per task.
 */
final class ReferenceWorkspace implements Workspace {
    private final Program program;
    private final Precision precision;
    private final ReferenceKernels kernels;
    private final List<Value> broadcastValues;
    private final List<Value> taskValues;
    private @Nullable Map<Value, double[]> broadcastArrays;

    ReferenceWorkspace(Program program, Precision precision) {
        this.program = program;
        this.precision = precision;
        this.kernels = new ReferenceKernels(precision);
        TaskDependence dependence = TaskDependence.of(program);
        this.broadcastValues =
                program.values().stream().filter(dependence::taskIndependent).toList();
        this.taskValues = program.values().stream()
                .filter(value -> !dependence.taskIndependent(value))
                .toList();
    }

    @Override
    public void setBroadcastInputs(FlatVector inputs) {
        require("broadcast inputs", inputs.size(), program.broadcastInputs().size());
        Map<Value, double[]> known = new HashMap<>();
        readInputs(program.broadcastInputs(), inputs, known);
        kernels.computeAll(broadcastValues, known);
        broadcastArrays = known;
    }

    @Override
    public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] perTaskOutputs) {
        require("sums", sums.size(), program.sums().size());
        Layout perTask = program.perTask();
        if (perTaskOutputs.length < tasks * perTask.size()) {
            throw new IllegalArgumentException("program " + program.name() + " writes " + tasks * perTask.size()
                    + " per-task outputs for " + tasks + " tasks, but the array holds " + perTaskOutputs.length);
        }
        sums.fill(0);
        FlatVector episode = FlatVector.zeros(precision, program.taskInputs().size());
        for (int task = 0; task < tasks; task++) {
            taskInputs.writeTo(task, episode, 0);
            Map<Value, double[]> known = new HashMap<>(broadcastArrays());
            readInputs(program.taskInputs(), episode, known);
            kernels.computeAll(taskValues, known);
            addSums(known, task, sums);
            for (Layout.Entry entry : perTask.entries()) {
                double[] array = array(known, program.output(entry.name()));
                System.arraycopy(array, 0, perTaskOutputs, task * perTask.size() + entry.offset(), array.length);
            }
        }
    }

    /** Stores the first task's outputs and adds those of the others, so that a negative zero of one task is preserved. */
    private void addSums(Map<Value, double[]> known, int task, FlatVector sums) {
        for (Layout.Entry entry : program.sums().entries()) {
            double[] array = array(known, program.output(entry.name()));
            for (int i = 0; i < array.length; i++) {
                int index = entry.offset() + i;
                sums.set(index, task == 0 ? array[i] : sums.at(index) + array[i]);
            }
        }
    }

    private Map<Value, double[]> broadcastArrays() {
        if (broadcastArrays == null && program.broadcastInputs().size() == 0) {
            setBroadcastInputs(FlatVector.zeros(precision, 0));
        }
        if (broadcastArrays == null) {
            throw new IllegalStateException("program " + program.name() + " runs before its broadcast inputs are set: "
                    + program.broadcastInputs().names());
        }
        return broadcastArrays;
    }

    private void readInputs(Layout layout, FlatVector source, Map<Value, double[]> known) {
        for (Layout.Entry entry : layout.entries()) {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = precision.round(source.at(entry.offset() + i));
            }
            known.put(program.input(entry.name()), array);
        }
    }

    private void require(String what, int was, int expected) {
        if (was != expected) {
            throw new IllegalArgumentException(
                    "program " + program.name() + " has " + expected + " elements of " + what + ", was given " + was);
        }
    }

    private static double[] array(Map<Value, double[]> known, Value value) {
        double[] array = known.get(value);
        if (array == null) {
            throw new IllegalStateException(value + " was not computed");
        }
        return array;
    }

    @Override
    public long bytes() {
        return broadcastArrays == null
                ? 0
                : broadcastArrays.values().stream()
                        .mapToLong(array -> 8L * array.length)
                        .sum();
    }
}
