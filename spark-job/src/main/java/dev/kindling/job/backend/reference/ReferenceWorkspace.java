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

/** Runs a program task after task: shared values once per {@link #setBroadcastInputs}, all others once per task. */
final class ReferenceWorkspace implements Workspace {
    private final Program program;
    private final Precision precision;
    private final ReferenceKernels referenceKernels;
    private final List<Value> sharedValues;
    private final List<Value> taskValues;
    private @Nullable Map<Value, double[]> shared;

    ReferenceWorkspace(Program program, Precision precision) {
        this.program = program;
        this.precision = precision;
        this.referenceKernels = new ReferenceKernels(precision);
        TaskDependence dependence = TaskDependence.of(program);
        this.sharedValues = program.values().stream().filter(dependence::shared).toList();
        this.taskValues = program.values().stream()
                .filter(value -> !dependence.shared(value))
                .toList();
    }

    @Override
    public void setBroadcastInputs(FlatVector inputs) {
        require("shared inputs", inputs.size(), program.broadcastInputs().size());
        Map<Value, double[]> known = new HashMap<>();
        readInputs(program.broadcastInputs(), inputs, known);
        referenceKernels.computeAll(sharedValues, known);
        shared = known;
    }

    @Override
    public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each) {
        require("sums", sums.size(), program.sums().size());
        Layout perTask = program.perTask();
        if (each.length < tasks * perTask.size()) {
            throw new IllegalArgumentException("program " + program.name() + " writes " + tasks * perTask.size()
                    + " numbers for " + tasks + " tasks, was given room for " + each.length);
        }
        sums.fill(0);
        FlatVector episode = FlatVector.zeros(precision, program.taskInputs().size());
        for (int task = 0; task < tasks; task++) {
            taskInputs.writeTo(task, episode, 0);
            Map<Value, double[]> known = new HashMap<>(sharedArrays());
            readInputs(program.taskInputs(), episode, known);
            referenceKernels.computeAll(taskValues, known);
            addSums(known, task, sums);
            for (Layout.Entry entry : perTask.entries()) {
                double[] array = array(known, program.output(entry.name()));
                System.arraycopy(array, 0, each, task * perTask.size() + entry.offset(), array.length);
            }
        }
    }

    /** The first task's numbers are stored as they are, the others added to them, in order. */
    private void addSums(Map<Value, double[]> known, int task, FlatVector sums) {
        for (Layout.Entry entry : program.sums().entries()) {
            double[] array = array(known, program.output(entry.name()));
            for (int i = 0; i < array.length; i++) {
                int place = entry.offset() + i;
                sums.set(place, task == 0 ? array[i] : sums.at(place) + array[i]);
            }
        }
    }

    private Map<Value, double[]> sharedArrays() {
        if (shared == null && program.broadcastInputs().size() == 0) {
            setBroadcastInputs(FlatVector.zeros(precision, 0));
        }
        if (shared == null) {
            throw new IllegalStateException("program " + program.name() + " runs before its shared inputs are set: "
                    + program.broadcastInputs().names());
        }
        return shared;
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
                    "program " + program.name() + " has " + expected + " numbers of " + what + ", was given " + was);
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
        return shared == null
                ? 0
                : shared.values().stream().mapToLong(array -> 8L * array.length).sum();
    }
}
