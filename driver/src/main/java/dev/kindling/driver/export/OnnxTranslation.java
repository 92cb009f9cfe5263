package dev.kindling.driver.export;

import dev.kindling.driver.export.OnnxGraph.Attribute;
import dev.kindling.driver.export.OnnxGraph.ElementType;
import dev.kindling.driver.export.VariableRows.RowFunction;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Translates the values of a program into nodes of an ONNX graph, in single precision. Extents that depend on numbers of rows are
 * computed in the graph from the shapes of its inputs. Where an op has no counterpart it is written in several: SOLVE as a loop of
 * Gauss-Jordan elimination, LOOP with its stacks gathered by the step's number.
 *
 * <p>SOLVE is computed in double precision. Elimination without pivoting is as stable as Cholesky's factorisation for the symmetric
 * positive definite matrices that SOLVE takes (Higham, Accuracy and Stability of Numerical Algorithms, section 14.4), and its pivots
 * are those of the factorisation, so the same matrices are found not to be positive definite and give NaN.
 */
final class OnnxTranslation {
    /** One op's rule: the name of the result. */
    @FunctionalInterface
    private interface Rule {
        String translate(OnnxGraph graph, Value value, List<String> args);
    }

    private static final Attribute TO_FLOAT = Attribute.of("to", ElementType.FLOAT.number());
    private static final Attribute TO_DOUBLE = Attribute.of("to", ElementType.DOUBLE.number());
    private static final Attribute TO_INT64 = Attribute.of("to", ElementType.INT64.number());
    private static final Attribute TO_BOOL = Attribute.of("to", ElementType.BOOL.number());
    private static final Attribute AXIS_0 = Attribute.of("axis", 0);
    private static final Attribute AXIS_1 = Attribute.of("axis", 1);

    private final OnnxGraph root;
    private final VariableRows rows;
    private final Map<Op, Rule> table = new EnumMap<>(Op.class);

    /** The scalar integers in the outermost graph that hold numbers of rows. */
    private final String support;

    private final String query;

    /** Results of each LOOP. */
    private final Map<Value, List<String>> loops = new HashMap<>();

    /**
     * A translation.
     *
     * @param root the outermost graph
     * @param support name of the number of support rows, a scalar integer of the outermost graph; empty if no extent depends on it
     * @param query that of query rows
     */
    OnnxTranslation(OnnxGraph root, VariableRows rows, String support, String query) {
        this.root = root;
        this.rows = rows;
        this.support = support;
        this.query = query;
        elementwise();
        table.put(Op.CONSTANT, (graph, value, args) -> number(graph, value));
        table.put(Op.IOTA, (graph, value, args) -> cast(graph, iota(graph, value), TO_FLOAT));
        table.put(Op.MATMUL, OnnxTranslation::matmul);
        table.put(Op.SOLVE, this::solve);
        table.put(
                Op.BROADCAST, (graph, value, args) -> graph.node("Expand", List.of(args.get(0), shape(graph, value))));
        table.put(Op.RESHAPE, (graph, value, args) -> graph.node("Reshape", List.of(args.get(0), shape(graph, value))));
        table.put(Op.SUM, OnnxTranslation::sum);
        table.put(
                Op.MAX,
                (graph, value, args) ->
                        graph.node("ReduceMax", args, Attribute.of("axes", List.of(-1)), Attribute.of("keepdims", 0)));
        table.put(
                Op.ARGMAX,
                (graph, value, args) -> cast(
                        graph,
                        graph.node("ArgMax", args, Attribute.of("axis", -1), Attribute.of("keepdims", 0)),
                        TO_FLOAT));
        table.put(Op.ONE_HOT, this::oneHot);
        table.put(
                Op.TRANSPOSE,
                (graph, value, args) -> graph.node(
                        "Transpose", args, Attribute.of("perm", ((Attributes.Axes) value.attributes()).axes())));
        table.put(Op.SLICE, this::slice);
        table.put(Op.PAD, this::pad);
        table.put(
                Op.CONCAT,
                (graph, value, args) -> graph.node(
                        "Concat", args, Attribute.of("axis", ((Attributes.Range) value.attributes()).axis())));
        table.put(
                Op.GATHER,
                (graph, value, args) ->
                        graph.node("Gather", List.of(args.get(0), cast(graph, args.get(1), TO_INT64)), AXIS_0));
        table.put(Op.SCATTER_ADD, this::scatterAdd);
        table.put(Op.CONV, (graph, value, args) -> OnnxWindows.convolution(graph, window(value), args));
        table.put(Op.CONV_INPUT, (graph, value, args) -> OnnxWindows.convolutionInput(graph, window(value), args));
        table.put(Op.CONV_KERNEL, (graph, value, args) -> OnnxWindows.convolutionKernel(graph, window(value), args));
        table.put(Op.POOL_GATHER, (graph, value, args) -> OnnxWindows.poolGather(graph, value, args));
        table.put(Op.POOL_SCATTER, (graph, value, args) -> OnnxWindows.poolScatter(graph, value, args));
        table.put(Op.WINDOW_SUM, (graph, value, args) -> OnnxWindows.windowSum(graph, value, args));
        table.put(Op.WINDOW_SPREAD, (graph, value, args) -> OnnxWindows.windowSpread(graph, value, args));
        table.put(Op.STOP_GRADIENT, (graph, value, args) -> args.get(0));
        table.put(Op.BARRIER, (graph, value, args) -> args.get(0));
        table.put(Op.LOOP, this::loop);
        table.put(
                Op.LOOP_RESULT,
                (graph, value, args) ->
                        loops.getOrDefault(value.arg(0), List.of()).get(value.count()));
    }

    /** The ops that have a rule. INPUT has none because inputs have names before the translation begins. */
    Set<Op> known() {
        return table.keySet();
    }

    private void elementwise() {
        Map<Op, String> sameMeaning = new EnumMap<>(Map.of(
                Op.NEG, "Neg",
                Op.EXP, "Exp",
                Op.LOG, "Log",
                Op.SQRT, "Sqrt",
                Op.TANH, "Tanh",
                Op.SIGMOID, "Sigmoid",
                Op.RELU, "Relu"));
        sameMeaning.putAll(Map.of(Op.ADD, "Add", Op.SUB, "Sub", Op.MUL, "Mul", Op.DIV, "Div"));
        sameMeaning.forEach((op, name) -> table.put(op, (graph, value, args) -> graph.node(name, args)));
        table.put(Op.LOG1P, (graph, value, args) -> log1p(graph, args.get(0)));
        table.put(Op.EXPM1, (graph, value, args) -> expm1(graph, args.get(0)));
        table.put(Op.GREATER, (graph, value, args) -> cast(graph, graph.node("Greater", args), TO_FLOAT));
        table.put(Op.EQUAL, (graph, value, args) -> cast(graph, graph.node("Equal", args), TO_FLOAT));
        table.put(
                Op.SELECT,
                (graph, value, args) ->
                        graph.node("Where", List.of(cast(graph, args.get(0), TO_BOOL), args.get(1), args.get(2))));
    }

    /**
     * Adds the nodes of the values that results need.
     *
     * @param names of the inputs; receives those of the values
     * @throws IllegalArgumentException if an op has no counterpart
     */
    void translate(OnnxGraph graph, Program program, List<Value> results, Map<Value, String> names) {
        Set<Value> needed = needed(results);
        for (Value value : program.values()) {
            if (!needed.contains(value) || names.containsKey(value)) {
                continue;
            }
            Rule rule = table.get(value.op());
            if (rule == null) {
                throw new IllegalArgumentException("the program " + program.name() + " has the op "
                        + value.op().printed() + ", which ONNX has no counterpart of; it cannot be exported as onnx");
            }
            List<String> args = new ArrayList<>();
            value.args().forEach(arg -> args.add(names.getOrDefault(arg, "")));
            names.put(value, rule.translate(graph, value, args));
        }
    }

    /** The values from which results are computed, with the results. */
    static Set<Value> needed(List<Value> results) {
        Set<Value> needed = new HashSet<>();
        List<Value> open = new ArrayList<>(results);
        while (!open.isEmpty()) {
            Value value = open.remove(open.size() - 1);
            if (needed.add(value)) {
                open.addAll(value.args());
            }
        }
        return needed;
    }

    private static Window window(Value value) {
        return (Window) value.attributes();
    }

    private static String cast(OnnxGraph graph, String name, Attribute type) {
        return graph.node("Cast", List.of(name), type);
    }

    /** A number a + b·S + c·Q + d·S·Q as a scalar integer. */
    private String scalar(OnnxGraph graph, RowFunction number) {
        if (number.isFixed()) {
            return graph.integer(Math.round(number.value()));
        }
        // In the outermost graph, so that a value found within a loop can be used outside it.
        String sum = root.integer(Math.round(number.constant()));
        sum = plus(sum, support, number.support());
        sum = plus(sum, query, number.query());
        return number.both() == 0 ? sum : plus(sum, product(), number.both());
    }

    private String product() {
        return root.node("Mul", List.of(support, query));
    }

    private String plus(String sum, String rows, double factor) {
        return factor == 0
                ? sum
                : root.node("Add", List.of(sum, root.node("Mul", List.of(rows, root.integer(Math.round(factor))))));
    }

    /** Extents as a vector of integers. */
    private String extents(OnnxGraph graph, List<RowFunction> extents) {
        if (extents.stream().allMatch(RowFunction::isFixed)) {
            return graph.integers(extents.stream()
                    .mapToLong(extent -> Math.round(extent.value()))
                    .toArray());
        }
        List<String> parts = new ArrayList<>();
        extents.forEach(extent -> parts.add(root.node("Reshape", List.of(scalar(root, extent), root.integers(1)))));
        return root.node("Concat", parts, AXIS_0);
    }

    /** The shape of a value as a vector of integers. */
    private String shape(OnnxGraph graph, Value value) {
        return extents(
                graph,
                IntStream.range(0, value.shape().rank())
                        .mapToObj(axis -> rows.extent(value, axis))
                        .toList());
    }

    private String extents(OnnxGraph graph, Value value, List<ToDoubleFunction<Value>> reads) {
        return extents(
                graph, reads.stream().map(read -> rows.extent(value, read)).toList());
    }

    private String number(OnnxGraph graph, Value value) {
        RowFunction number = rows.number(value);
        if (number.isFixed()) {
            return graph.scalar(number.value());
        }
        String sum = root.scalar(number.constant());
        sum = plusProduct(sum, support, number.support());
        sum = plusProduct(sum, query, number.query());
        sum = number.both() == 0 ? sum : plusProduct(sum, product(), number.both());
        return number.reciprocal() ? root.node("Reciprocal", List.of(sum)) : sum;
    }

    private String plusProduct(String sum, String rows, double factor) {
        return factor == 0
                ? sum
                : root.node(
                        "Add",
                        List.of(sum, root.node("Mul", List.of(cast(root, rows, TO_FLOAT), root.scalar(factor)))));
    }

    private String iota(OnnxGraph graph, Value value) {
        return graph.node("Range", List.of(graph.integer(0), scalar(graph, rows.extent(value, 0)), graph.integer(1)));
    }

    /** log(1 + x) = x log(u) / (u - 1) for u = 1 + x as rounded, and x where u is 1. */
    private static String log1p(OnnxGraph graph, String x) {
        String one = graph.scalar(1);
        String u = graph.node("Add", List.of(x, one));
        String isOne = graph.node("Equal", List.of(u, one));
        String infinite = graph.node("IsInf", List.of(u));
        String ratio = graph.node("Div", List.of(graph.node("Log", List.of(u)), graph.node("Sub", List.of(u, one))));
        String product = graph.node("Mul", List.of(x, ratio));
        String finite = graph.node("Where", List.of(isOne, x, product));
        return graph.node("Where", List.of(infinite, graph.node("Log", List.of(u)), finite));
    }

    /** exp(x) - 1 = 2 t / (1 - t) for t = tanh(x / 2), which is accurate near 0. */
    private static String expm1(OnnxGraph graph, String x) {
        String one = graph.scalar(1);
        String half = graph.node("Tanh", List.of(graph.node("Mul", List.of(x, graph.scalar(0.5)))));
        String near = graph.node(
                "Div",
                List.of(graph.node("Mul", List.of(half, graph.scalar(2))), graph.node("Sub", List.of(one, half))));
        String far = graph.node("Sub", List.of(graph.node("Exp", List.of(x)), one));
        String isNear = graph.node("Less", List.of(graph.node("Abs", List.of(x)), one));
        return graph.node("Where", List.of(isNear, near, far));
    }

    private static String matmul(OnnxGraph graph, Value value, List<String> args) {
        Attributes.Product product = (Attributes.Product) value.attributes();
        String left = product.leftTransposed() ? graph.node("Transpose", args.subList(0, 1)) : args.get(0);
        String right = product.rightTransposed() ? graph.node("Transpose", args.subList(1, 2)) : args.get(1);
        return graph.node("MatMul", List.of(left, right));
    }

    private static String sum(OnnxGraph graph, Value value, List<String> args) {
        List<Integer> axes = ((Attributes.Axes) value.attributes()).axes();
        // Without axes ONNX sums over all.
        return axes.isEmpty()
                ? args.get(0)
                : graph.node(
                        "ReduceSum",
                        List.of(
                                args.get(0),
                                graph.integers(axes.stream()
                                        .mapToLong(Integer::longValue)
                                        .toArray())),
                        Attribute.of("keepdims", 0));
    }

    private String oneHot(OnnxGraph graph, Value value, List<String> args) {
        RowFunction depth = rows.extent(value, value.shape().rank() - 1);
        return graph.node(
                "OneHot",
                List.of(cast(graph, args.get(0), TO_INT64), scalar(graph, depth), graph.vector(0, 1)),
                Attribute.of("axis", -1));
    }

    private String slice(OnnxGraph graph, Value value, List<String> args) {
        return graph.node(
                "Slice",
                List.of(
                        args.get(0),
                        extents(graph, value, List.of(variant -> range(variant).begin())),
                        extents(graph, value, List.of(variant -> range(variant).end())),
                        graph.integers(range(value).axis())));
    }

    private static Attributes.Range range(Value value) {
        return (Attributes.Range) value.attributes();
    }

    private String pad(OnnxGraph graph, Value value, List<String> args) {
        int axis = range(value).axis();
        List<ToDoubleFunction<Value>> pads = new ArrayList<>();
        int rank = value.shape().rank();
        for (int i = 0; i < 2 * rank; i++) {
            int at = i;
            pads.add(variant -> at == axis
                    ? range(variant).begin()
                    : at == axis + rank ? range(variant).end() : 0);
        }
        return graph.node("Pad", List.of(args.get(0), extents(graph, value, pads)));
    }

    private String scatterAdd(OnnxGraph graph, Value value, List<String> args) {
        String zeros = graph.node("ConstantOfShape", List.of(shape(graph, value)), Attribute.zero("value"));
        String indices = graph.node("Unsqueeze", List.of(cast(graph, args.get(0), TO_INT64), graph.integers(1)));
        return graph.node("ScatterND", List.of(zeros, indices, args.get(1)), Attribute.of("reduction", "add"));
    }

    private String solve(OnnxGraph graph, Value value, List<String> args) {
        String size = scalar(graph, rows.extent(value, 0));
        String transposed = graph.node("Transpose", args.subList(0, 1));
        String symmetric = graph.node(
                "Mul",
                List.of(
                        cast(graph, graph.node("Add", List.of(args.get(0), transposed)), TO_DOUBLE),
                        graph.precise(0.5)));
        String system = graph.node("Concat", List.of(symmetric, cast(graph, args.get(1), TO_DOUBLE)), AXIS_1);
        String numbers = graph.node("Range", List.of(graph.integer(0), size, graph.integer(1)));

        OnnxGraph body = graph.body();
        String step = body.scalarInput(ElementType.INT64);
        String proceeds = body.scalarInput(ElementType.BOOL);
        String matrix = body.input(ElementType.DOUBLE);
        String row = body.node("Gather", List.of(matrix, step), AXIS_0);
        String pivot = body.node("Gather", List.of(row, step), AXIS_0);
        String usable = body.node(
                "And",
                List.of(
                        body.node("Greater", List.of(pivot, body.precise(0))),
                        body.node("Less", List.of(pivot, body.precise(Double.POSITIVE_INFINITY)))));
        String divisor = body.node("Where", List.of(usable, pivot, body.precise(Double.NaN)));
        String scaled = body.node("Div", List.of(row, divisor));
        String column =
                body.node("Unsqueeze", List.of(body.node("Gather", List.of(matrix, step), AXIS_1), body.integers(1)));
        String isPivot = body.node("Unsqueeze", List.of(body.node("Equal", List.of(numbers, step)), body.integers(1)));
        String reduced = body.node("Sub", List.of(matrix, body.node("Mul", List.of(column, scaled))));
        body.output(proceeds, ElementType.BOOL);
        body.output(body.node("Where", List.of(isPivot, scaled, reduced)), ElementType.DOUBLE);

        String solved = graph.node("Loop", List.of(size, graph.yes(), system), Attribute.of("body", body));
        String solution = graph.node(
                "Slice",
                List.of(
                        solved,
                        extents(graph, value, List.of(variant -> variant.shape().dim(0))),
                        graph.integers(Long.MAX_VALUE),
                        graph.integers(1)));
        return cast(graph, solution, TO_FLOAT);
    }

    /** Adds the loop; its results are looked up in {@link #loops}, and the name that is returned is not used. */
    private String loop(OnnxGraph graph, Value value, List<String> args) {
        Attributes.Loop loop = value.loop();
        Program step = loop.step();
        String capacity =
                scalar(graph, rows.extent(value, variant -> variant.loop().capacity()));
        String count = graph.node("Min", List.of(cast(graph, args.get(0), TO_INT64), capacity));
        List<String> carries = args.subList(1, 1 + loop.carries());
        List<String> stacks = args.subList(1 + loop.carries(), 1 + loop.carries() + loop.perStep());
        List<String> invariants = args.subList(1 + loop.carries() + loop.perStep(), args.size());

        OnnxGraph body = graph.body();
        String number = body.scalarInput(ElementType.INT64);
        String proceeds = body.scalarInput(ElementType.BOOL);
        List<String> inputs = new ArrayList<>();
        carries.forEach(carry -> inputs.add(body.input(ElementType.FLOAT)));
        String ran = body.input(ElementType.FLOAT);
        String index = loop.backwards()
                ? body.node("Sub", List.of(body.node("Sub", List.of(count, body.integer(1))), number))
                : number;
        stacks.forEach(stack -> inputs.add(body.node("Gather", List.of(stack, index), AXIS_0)));
        inputs.addAll(invariants);
        Map<Value, String> names = new HashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            names.put(step.inputs().get(i).value(), inputs.get(i));
        }
        List<Value> results = step.outputs().stream().map(Program.Output::value).toList();
        translate(body, step, results, names);
        List<String> outputs = results.stream().map(names::get).toList();
        int stacked = loop.carries() + loop.stacked();
        body.output(
                loop.stops() ? body.node("Not", List.of(cast(body, outputs.get(stacked), TO_BOOL))) : proceeds,
                ElementType.BOOL);
        outputs.subList(0, loop.carries()).forEach(next -> body.output(next, ElementType.FLOAT));
        body.output(body.node("Add", List.of(ran, body.scalar(1))), ElementType.FLOAT);
        outputs.subList(loop.carries(), stacked).forEach(each -> body.output(each, ElementType.FLOAT));

        List<String> given = new ArrayList<>(List.of(count, graph.yes()));
        given.addAll(carries);
        given.add(graph.scalar(0));
        List<String> found = graph.nodes("Loop", given, stacked + 1, Attribute.of("body", body));
        List<String> read = new ArrayList<>(found.subList(0, loop.carries()));
        for (int i = 0; i < loop.stacked(); i++) {
            int rank = results.get(loop.carries() + i).shape().rank();
            read.add(filled(graph, loop, found.get(loop.carries() + 1 + i), rank, capacity));
        }
        read.add(found.get(loop.carries()));
        loops.put(value, read);
        return found.get(0);
    }

    /** The outputs of the steps that ran, in the order of their indices and with zeros for those that did not run. */
    private static String filled(OnnxGraph graph, Attributes.Loop loop, String outputs, int rank, String capacity) {
        String ordered = loop.backwards()
                ? graph.node(
                        "Slice",
                        List.of(
                                outputs,
                                graph.integers(-1),
                                graph.integers(Long.MIN_VALUE),
                                graph.integers(0),
                                graph.integers(-1)))
                : outputs;
        String extent = graph.node("Gather", List.of(graph.node("Shape", List.of(ordered)), graph.integer(0)), AXIS_0);
        String missing =
                graph.node("Reshape", List.of(graph.node("Sub", List.of(capacity, extent)), graph.integers(1)));
        String pads = graph.node(
                "Concat", List.of(graph.integers(new long[rank + 1]), missing, graph.integers(new long[rank])), AXIS_0);
        return graph.node("Pad", List.of(ordered, pads));
    }
}
