package dev.kindling.driver.export;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Computes inference statistics for the batch norms of a model: the means over batches of each batch's mean and biased
 * variance (Ioffe and Szegedy 2015, algorithm 2, without their factor m / (m - 1), which Deeplearning4j omits too). Each
 * batch is normalised with its own statistics. In double precision, in this JVM.
 */
public final class BatchStatistics {
    private static final long MEMORY = 1 << 28;

    private BatchStatistics() {}

    /**
     * The examples of one batch.
     *
     * @param examples number of examples
     * @param numbers their inputs, one example after the other, in double
     */
    public record Batch(int examples, FlatVector numbers) {}

    /**
     * Computes the statistics.
     *
     * @param model whose parameters include its running statistics
     * @param arrays values of the other parameters by name
     * @param batches at least one
     * @param features shape of one example
     * @return the values of each running statistic by name
     */
    public static SortedMap<String, double[]> of(
            Model model, Map<String, double[]> arrays, List<Batch> batches, Shape features, Backend backend) {
        Map<Integer, List<FlatVector>> bySize = new TreeMap<>();
        batches.forEach(batch -> bySize.computeIfAbsent(batch.examples(), examples -> new ArrayList<>())
                .add(batch.numbers()));
        SortedMap<String, double[]> sums = new TreeMap<>();
        bySize.forEach((examples, alike) -> sums(program(model, features.stacked(examples)), arrays, alike, backend)
                .forEach((name, numbers) -> sums.merge(name, numbers, BatchStatistics::sum)));
        sums.replaceAll((name, numbers) ->
                Arrays.stream(numbers).map(sum -> sum / batches.size()).toArray());
        return sums;
    }

    private static double[] sum(double[] one, double[] other) {
        double[] sum = one.clone();
        Arrays.setAll(sum, i -> one[i] + other[i]);
        return sum;
    }

    /** A program for the statistics of a batch of shape [examples, ...features]. */
    private static Program program(Model model, Shape batch) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            if (!model.runningStatistics().contains(entry.name())) {
                parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            }
        }
        Value x = b.input("x", batch, Program.Scope.TASK);
        List<Program.Output> outputs = new ArrayList<>();
        model.batchStatistics(b, parameters, x, ForwardContext.PLAIN)
                .forEach((name, value) -> outputs.add(new Program.Output(name, Program.Reduction.SUM, value)));
        return b.build("batch-statistics", outputs);
    }

    /** The sums over batches of one shape. */
    private static SortedMap<String, double[]> sums(
            Program program, Map<String, double[]> arrays, List<FlatVector> batches, Backend backend) {
        Workspace workspace = backend.compile(program, new CompileOptions(Precision.DOUBLE, MEMORY))
                .workspace();
        workspace.setBroadcastInputs(flat(program.broadcastInputs(), arrays));
        FlatVector sums = FlatVector.zeros(Precision.DOUBLE, program.sums().size());
        workspace.run(
                batches.size(),
                (task, target, offset) -> target.copyFrom(
                        batches.get(task), 0, offset, batches.get(task).size()),
                sums,
                new double[0]);
        double[] all = sums.toDoubles();
        SortedMap<String, double[]> statistics = new TreeMap<>();
        program.sums()
                .entries()
                .forEach(entry -> statistics.put(
                        entry.name(),
                        Arrays.copyOfRange(
                                all,
                                entry.offset(),
                                entry.offset() + entry.shape().size())));
        return statistics;
    }

    private static FlatVector flat(Layout layout, Map<String, double[]> arrays) {
        FlatVector flat = FlatVector.zeros(Precision.DOUBLE, layout.size());
        for (Layout.Entry entry : layout.entries()) {
            double[] numbers = arrays.getOrDefault(entry.name(), new double[0]);
            for (int i = 0; i < entry.shape().size(); i++) {
                flat.set(entry.offset() + i, numbers[i]);
            }
        }
        return flat;
    }
}
