package dev.kindling.driver.export;

import dev.kindling.driver.export.OnnxGraph.Attribute;
import dev.kindling.driver.export.OnnxGraph.Dimension;
import dev.kindling.driver.export.VariableRows.RowFunction;
import dev.kindling.driver.serving.AdaptedTask;
import dev.kindling.driver.serving.PredictedModel;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.passes.Passes;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Exports the prediction of a model as an ONNX model in single precision: with θ, of any task, whose support set is an input; or of
 * one adapted task, with its parameters, or for a method that adapts none its support set, as constants. Its outputs are
 * {@code prediction} [queries, outputs], {@code variance} [queries] where the method predicts one, and {@code probability} [queries,
 * classes] for classes.
 */
public final class OnnxExport {
    /** The names of the extents that differ between calls. */
    private static final String SUPPORT_ROWS = "support_rows";

    private static final String QUERY_ROWS = "query_rows";

    private final PredictedModel model;
    private final OptionalInt supportRows;
    private final OptionalInt queryRows;
    private final SortedMap<String, String> metadata;

    /**
     * An export.
     *
     * @param supportRows the number of support rows that the file takes; empty for any number
     * @param queryRows the number of queries that the file takes; empty for any number
     * @param metadata of the file
     * @throws IllegalArgumentException if a number is below 1
     */
    public OnnxExport(
            PredictedModel model, OptionalInt supportRows, OptionalInt queryRows, SortedMap<String, String> metadata) {
        requirePositive("--support-rows", supportRows);
        requirePositive("--query-rows", queryRows);
        this.model = model;
        this.supportRows = supportRows;
        this.queryRows = queryRows;
        this.metadata = new TreeMap<>(metadata);
    }

    private static void requirePositive(String option, OptionalInt rows) {
        if (rows.isPresent() && rows.getAsInt() < 1) {
            throw new IllegalArgumentException(option + " is " + rows.getAsInt() + "; it must be at least 1");
        }
    }

    /**
     * The prediction of any task, with θ and the adaptation in the file.
     *
     * @throws IllegalArgumentException if the program has an op that ONNX has no counterpart of, or is another one for other
     *     numbers of rows that are not fixed
     */
    public byte[] ofModel() {
        return ofModel(Map.of());
    }

    /**
     * The prediction of one adapted task.
     *
     * @throws IllegalArgumentException as {@link #ofModel}
     */
    public byte[] ofTask(AdaptedTask task) {
        OnnxExport fixed = new OnnxExport(model, OptionalInt.of(task.supportSize()), queryRows, metadata);
        Map<String, double[]> support = task.supportArrays();
        return task.parameters()
                .map(adapted -> fixed.ofParameters(adapted, support))
                .orElseGet(() -> fixed.ofModel(support));
    }

    /** The prediction of tasks whose support set is given if it is not empty. */
    private byte[] ofModel(Map<String, double[]> constants) {
        VariableRows.Programs programs = (support, query) -> {
            EpisodeLayout layout = model.template().withSizes(support, query);
            return finished(
                    algorithm().predict(ModelFactory.of(model.settings().model(), layout), layout, model.steps()));
        };
        return encoded(programs, Tensors.of("theta", model.parameters(), model.theta()), constants);
    }

    /**
     * The prediction with adapted parameters, as {@code kindling adapt --adapted} writes them. Where batch norm uses statistics of the
     * support set, {@code support.x} is an input beside the queries.
     *
     * @throws IllegalArgumentException as {@link #ofModel}, or if the method adapts no parameters
     * @throws dev.kindling.job.error.BadDataException if the arrays are not those that the network needs
     */
    public byte[] ofParameters(Tensors adapted) {
        return ofParameters(adapted, Map.of());
    }

    private byte[] ofParameters(Tensors adapted, Map<String, double[]> constants) {
        VariableRows.Programs programs = (support, query) -> {
            EpisodeLayout layout = model.template().withSizes(support, query);
            return finished(algorithm()
                    .forward(ModelFactory.of(model.settings().model(), layout), layout)
                    .orElseThrow(() -> new IllegalArgumentException("--adapted is " + adapted.file()
                            + "; it must be left out for algorithm.name = "
                            + algorithm().name() + ", which adapts no parameters but predicts from the support set")));
        };
        return encoded(programs, adapted, constants);
    }

    private Algorithm algorithm() {
        return model.settings().algorithm();
    }

    /** The program with the last step's predictions as outputs [queries, outputs], and the probabilities of classes. */
    private Program finished(Program predict) {
        ProgramBuilder b = new ProgramBuilder();
        List<Value> inputs = predict.inputs().stream()
                .map(input -> b.input(input.name(), input.shape(), input.scope()))
                .toList();
        List<Value> results = b.inline(predict, inputs);
        Map<String, Value> outputs = new LinkedHashMap<>();
        for (int i = 0; i < results.size(); i++) {
            String name = predict.outputs().get(i).name();
            int rank = name.equals("variance") ? 1 : 2;
            outputs.put(name, results.get(i).shape().rank() == rank ? results.get(i) : last(b, results.get(i)));
        }
        if (model.template().classification()) {
            Value logits = outputs.values().iterator().next();
            Value shifted = b.sub(
                    logits, b.reshape(b.max(logits), Shape.of(logits.shape().dim(0), 1)));
            Value exponentials = b.exp(shifted);
            outputs.put("probability", b.div(exponentials, b.sumKept(exponentials, 1)));
        }
        List<Program.Output> named = new ArrayList<>();
        outputs.forEach((name, value) -> named.add(new Program.Output(name, Program.Reduction.PER_TASK, value)));
        // Loops of adaptations compute losses that no prediction needs.
        return Passes.canonicalize(b.build(predict.name(), named));
    }

    /** The values after the last step. */
    private static Value last(ProgramBuilder b, Value steps) {
        int count = steps.shape().dim(0);
        return b.reshape(b.slice(steps, 0, count - 1, count), steps.shape().unstacked());
    }

    /**
     * The file.
     *
     * @param arrays the values of broadcast inputs
     * @param constants the values of inputs that the file does not take
     */
    private byte[] encoded(VariableRows.Programs programs, Tensors arrays, Map<String, double[]> constants) {
        VariableRows rows = variableRows(programs);
        Program program = rows.program();
        List<Value> results =
                program.outputs().stream().map(Program.Output::value).toList();
        Set<Value> needed = OnnxTranslation.needed(results);
        Layout layout = program.broadcastInputs();
        FlatVector values =
                arrays.flat(layout, model.settings().backend().options().precision());
        OnnxGraph graph = new OnnxGraph();
        Map<Value, String> names = new HashMap<>();
        Map<String, String> numbers = new LinkedHashMap<>();
        for (Program.Input input : program.inputs()) {
            if (!needed.contains(input.value())) {
                continue;
            }
            String name = input.name();
            names.put(input.value(), name);
            if (input.scope() == Program.Scope.BROADCAST) {
                double[] array = array(layout, values, name);
                graph.initializer(name, array, input.shape().dims());
            } else if (constants.containsKey(name)) {
                graph.initializer(
                        name,
                        constants.getOrDefault(name, new double[0]),
                        input.shape().dims());
            } else {
                graph.input(name, dimensions(rows, input.value()));
                numbers.putIfAbsent(name.startsWith("query") ? QUERY_ROWS : SUPPORT_ROWS, name);
            }
        }
        OnnxTranslation translation = new OnnxTranslation(
                graph, rows, rows(graph, numbers.get(SUPPORT_ROWS)), rows(graph, numbers.get(QUERY_ROWS)));
        try {
            translation.translate(graph, program, results, names);
            for (Program.Output output : program.outputs()) {
                graph.output(output.name(), names.getOrDefault(output.value(), ""), dimensions(rows, output.value()));
            }
        } catch (VariableRows.DifferentProgramsException e) {
            throw refused(e);
        }
        return graph.encoded(program.name(), metadata);
    }

    private VariableRows variableRows(VariableRows.Programs programs) {
        try {
            return VariableRows.of(
                    programs, supportRows, queryRows, model.template().support());
        } catch (VariableRows.DifferentProgramsException e) {
            throw refused(e);
        }
    }

    private IllegalArgumentException refused(VariableRows.DifferentProgramsException e) {
        return new IllegalArgumentException(
                "algorithm.name is " + algorithm().name() + ", whose program is another one for other numbers of rows ("
                        + e.getMessage() + "); --support-rows and --query-rows must be given",
                e);
    }

    private static double[] array(Layout layout, FlatVector values, String name) {
        int offset = layout.offset(name);
        return Arrays.copyOfRange(
                values.toDoubles(), offset, offset + layout.shape(name).size());
    }

    /** The extents of an input or output, those that differ between calls by name. */
    private static List<Dimension> dimensions(VariableRows rows, Value value) {
        return IntStream.range(0, value.shape().rank())
                .mapToObj(axis -> {
                    RowFunction extent = rows.extent(value, axis);
                    return extent.isFixed()
                            ? new Dimension(Math.round(extent.value()), "")
                            : new Dimension(0, extent.query() == 0 ? SUPPORT_ROWS : QUERY_ROWS);
                })
                .toList();
    }

    /** The number of rows of an input as a scalar integer; empty if there is no such input. */
    private static String rows(OnnxGraph graph, @Nullable String input) {
        return input == null
                ? ""
                : graph.node(
                        "Gather",
                        List.of(graph.node("Shape", List.of(input)), graph.integer(0)),
                        Attribute.of("axis", 0));
    }
}
