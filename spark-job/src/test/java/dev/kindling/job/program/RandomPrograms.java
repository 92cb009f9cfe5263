package dev.kindling.job.program;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.jspecify.annotations.Nullable;

/**
 * Draws random programs over all ops, with broadcast and task inputs, for tests that compare backends or derivatives.
 *
 * <p>All values are finite and of moderate magnitude. Discontinuous ops (comparisons, maxima, relu) act only on elements
 * that are copied and never computed, which every precision holds exactly, so that backends that round differently take the
 * same branch.
 */
public final class RandomPrograms {
    private static final int[] EXTENTS = {1, 2, 3, 4, 5, 8, 17, 33};
    private static final int GREATEST_SIZE = 300;
    private static final double GREATEST_NUMBER = 30;
    /** Indices are 0 and 1, so that they fit every array of two rows or more. */
    private static final int ROWS_OF_INDICES = 2;

    private static final int GREATEST_COUNT = 4;

    private RandomPrograms() {}

    /** A program and inputs for it. */
    public record Drawn(Program program, Map<String, double[]> shared, List<Map<String, double[]>> tasks) {}

    /** Programs of up to 25 ops, or the gradient (order 1) or the gradient of its square (order 2) of such a program. */
    public static Arbitrary<Drawn> programs(int order) {
        return Combinators.combine(
                        Arbitraries.longs(),
                        Arbitraries.integers().between(1, 25),
                        Arbitraries.integers().between(1, 3))
                .as((seed, ops, tasks) -> draw(new Recipe(seed, ops), order, tasks));
    }

    /** Recipes of up to 15 ops that are differentiable near their inputs. */
    public static Arbitrary<Recipe> recipes() {
        return Combinators.combine(Arbitraries.longs(), Arbitraries.integers().between(1, 15))
                .as(Recipe::new);
    }

    private static Drawn draw(Recipe recipe, int order, int tasks) {
        ProgramBuilder b = new ProgramBuilder();
        List<Value> inputs = new ArrayList<>();
        for (Input input : recipe.inputs()) {
            inputs.add(b.input(input.name(), input.shape(), input.scope()));
        }
        List<Program.Output> outputs = new ArrayList<>();
        List<Value> written = recipe.write(b, inputs, true);
        for (int i = 0; i < written.size(); i++) {
            Program.Reduction reduction = i % 2 == 0 ? Program.Reduction.PER_TASK : Program.Reduction.SUM;
            outputs.add(new Program.Output("out" + i, reduction, written.get(i)));
        }
        List<Value> wrt = IntStream.range(0, inputs.size())
                .filter(i -> !recipe.inputs().get(i).whole())
                .mapToObj(inputs::get)
                .toList();
        Value y = total(b, written);
        for (int o = 1; o <= order; o++) {
            List<Value> gradients = Autodiff.gradOrZeros(b, y, wrt);
            for (int i = 0; i < gradients.size(); i++) {
                outputs.add(new Program.Output("gradient" + o + "." + i, Program.Reduction.SUM, gradients.get(i)));
            }
            y = total(b, gradients.stream().map(b::square).toList());
        }
        RandomStream stream = RandomStream.of(recipe.seed(), 1);
        Map<String, double[]> shared = numbers(recipe, Program.Scope.BROADCAST, stream);
        List<Map<String, double[]>> episodes = IntStream.range(0, tasks)
                .mapToObj(task -> numbers(recipe, Program.Scope.TASK, stream))
                .toList();
        return new Drawn(b.build("random", outputs), shared, episodes);
    }

    /** The sum of the means. */
    private static Value total(ProgramBuilder b, List<Value> values) {
        Value total = b.constant(0);
        for (Value value : values) {
            total = b.add(total, b.meanAll(value));
        }
        return total;
    }

    private static Map<String, double[]> numbers(Recipe recipe, Program.Scope scope, RandomStream stream) {
        Map<String, double[]> numbers = new HashMap<>();
        for (Input input : recipe.inputs()) {
            if (input.scope() == scope) {
                numbers.put(input.name(), input.draw(stream));
            }
        }
        return numbers;
    }

    /**
     * An input of a recipe.
     *
     * @param bound upper bound of drawn integers; 0 for floats of magnitude 0.4 to 1.6
     */
    public record Input(String name, Shape shape, Program.Scope scope, int bound) {
        public boolean whole() {
            return bound > 0;
        }

        public double[] draw(RandomStream stream) {
            return DoubleStream.generate(() -> whole()
                            ? stream.nextInt(bound)
                            : (float) (stream.nextDouble(0.4, 1.6) * (stream.nextInt(2) == 0 ? -1 : 1)))
                    .limit(shape.size())
                    .toArray();
        }
    }

    /** A random program, determined by a seed and the number of ops. */
    public record Recipe(long seed, int ops) {
        /** Three arrays of numbers, the indices and the count that the program takes. */
        public List<Input> inputs() {
            RandomStream stream = RandomStream.of(seed, 2);
            return List.of(
                    new Input("a", shape(stream), Program.Scope.BROADCAST, 0),
                    new Input("b", shape(stream), Program.Scope.BROADCAST, 0),
                    new Input("c", shape(stream), Program.Scope.TASK, 0),
                    new Input("indices", Shape.of(extent(stream)), Program.Scope.TASK, ROWS_OF_INDICES),
                    new Input("count", Shape.scalar(), Program.Scope.TASK, GREATEST_COUNT + 2));
        }

        /** Up to three of the values that the ops give. */
        public List<Value> write(ProgramBuilder b, List<Value> inputs, boolean withStopGradient) {
            Writer writer = new Writer(b, RandomStream.of(seed, 3), withStopGradient, 0);
            for (int i = 0; i < inputs.size(); i++) {
                Input input = inputs().get(i);
                if (input.name().equals("indices")) {
                    writer.indices.add(inputs.get(i));
                } else if (input.name().equals("count")) {
                    writer.counts.add(inputs.get(i));
                } else {
                    writer.addExact(inputs.get(i), 2);
                }
            }
            return writer.write(ops);
        }

        private static int extent(RandomStream stream) {
            return EXTENTS[stream.nextInt(EXTENTS.length)];
        }

        private static Shape shape(RandomStream stream) {
            int[] dims = new int[stream.nextInt(4)];
            Arrays.setAll(dims, axis -> extent(stream));
            return Shape.of(dims).size() <= GREATEST_SIZE ? Shape.of(dims) : Shape.of(dims[0]);
        }
    }

    /** The ops that {@link Writer} has a row for; a test checks that every op has one. */
    static Set<Op> known() {
        Set<Op> known = new HashSet<>(new Writer(new ProgramBuilder(), RandomStream.of(0), true, 0).rows.keySet());
        known.addAll(List.of(Op.INPUT, Op.LOOP_RESULT));
        return known;
    }

    /** Writes ops one after another over a growing pool of values. */
    private static final class Writer {
        /** Applies one op to values of the pool; null if none fits. */
        private interface Row {
            @Nullable
            Value write();
        }

        private final ProgramBuilder b;
        private final RandomStream stream;
        private final int depth;
        private final List<Value> pool = new ArrayList<>();
        private final Set<Value> exact = new HashSet<>();
        private final Map<Value, Double> bounds = new HashMap<>();
        private final List<Value> indices = new ArrayList<>();
        private final List<Value> counts = new ArrayList<>();
        private final Map<Op, Row> rows = new EnumMap<>(Op.class);

        Writer(ProgramBuilder b, RandomStream stream, boolean withStopGradient, int depth) {
            this.b = b;
            this.stream = stream;
            this.depth = depth;
            rows.put(Op.CONSTANT, () -> bounded(b.constant((stream.nextInt(33) - 16) / 8.0), 2));
            rows.put(Op.IOTA, this::iota);
            rows.put(Op.NEG, () -> unary(any -> true, (x, bound) -> bounded(b.neg(x), bound)));
            rows.put(Op.EXP, () -> unary(this::small, (x, bound) -> bounded(b.exp(x), Math.exp(bound))));
            rows.put(Op.EXPM1, () -> unary(this::small, (x, bound) -> bounded(b.expm1(x), Math.exp(bound))));
            rows.put(Op.LOG, () -> unary(any -> true, (x, bound) -> bounded(b.log(aboveOne(x)), bound)));
            rows.put(Op.LOG1P, () -> unary(any -> true, (x, bound) -> bounded(b.log1p(b.square(x)), bound)));
            rows.put(Op.SQRT, () -> unary(any -> true, (x, bound) -> bounded(b.sqrt(aboveOne(x)), bound + 1)));
            rows.put(Op.TANH, () -> unary(any -> true, (x, bound) -> bounded(b.tanh(x), 1)));
            rows.put(Op.SIGMOID, () -> unary(any -> true, (x, bound) -> bounded(b.sigmoid(x), 1)));
            rows.put(Op.RELU, () -> unary(exact::contains, (x, bound) -> bounded(b.relu(x), bound)));
            rows.put(Op.ADD, () -> pair((x, y, p, q) -> bounded(b.add(x, y), p + q)));
            rows.put(Op.SUB, () -> pair((x, y, p, q) -> bounded(b.sub(x, y), p + q)));
            rows.put(Op.MUL, () -> pair((x, y, p, q) -> bounded(b.mul(x, y), p * q)));
            rows.put(Op.DIV, () -> pair((x, y, p, q) -> bounded(b.div(x, aboveOne(y)), p)));
            rows.put(Op.GREATER, () -> comparison(Op.GREATER));
            rows.put(Op.EQUAL, () -> comparison(Op.EQUAL));
            rows.put(Op.SELECT, this::select);
            rows.put(Op.MATMUL, this::matmul);
            rows.put(Op.SOLVE, this::solve);
            rows.put(Op.CONV, () -> convolution(Op.CONV));
            rows.put(Op.CONV_INPUT, () -> convolution(Op.CONV_INPUT));
            rows.put(Op.CONV_KERNEL, () -> convolution(Op.CONV_KERNEL));
            rows.put(Op.POOL_GATHER, () -> pool(Op.POOL_GATHER));
            rows.put(Op.POOL_SCATTER, () -> pool(Op.POOL_SCATTER));
            rows.put(Op.WINDOW_SUM, () -> windows(Op.WINDOW_SUM));
            rows.put(Op.WINDOW_SPREAD, () -> windows(Op.WINDOW_SPREAD));
            rows.put(Op.UNIFORM, this::uniform);
            rows.put(Op.BROADCAST, this::broadcast);
            rows.put(Op.SUM, this::sum);
            rows.put(Op.MAX, () -> unary(this::rowsOfExact, (x, bound) -> moved(x, b.max(x))));
            rows.put(Op.ARGMAX, () -> unary(this::rowsOfExact, (x, bound) -> bounded(b.argmax(x), 33)));
            rows.put(Op.ONE_HOT, this::oneHot);
            rows.put(
                    Op.RESHAPE,
                    () -> unary(
                            any -> true,
                            (x, bound) ->
                                    moved(x, b.reshape(x, Shape.of(x.shape().size())))));
            rows.put(Op.TRANSPOSE, this::transpose);
            rows.put(Op.SLICE, this::slice);
            rows.put(Op.PAD, this::pad);
            rows.put(Op.CONCAT, this::concat);
            rows.put(Op.GATHER, this::gather);
            rows.put(Op.SCATTER_ADD, this::scatter);
            rows.put(Op.LOOP, this::loop);
            rows.put(Op.BARRIER, () -> unary(any -> true, (x, bound) -> moved(x, b.barrier(x))));
            if (withStopGradient) {
                rows.put(Op.STOP_GRADIENT, () -> unary(any -> true, (x, bound) -> moved(x, b.stopGradient(x))));
            }
        }

        /** A value held exactly in every precision. */
        void addExact(Value value, double bound) {
            exact.add(value);
            add(value, bound);
        }

        void add(Value value, double bound) {
            pool.add(value);
            bounds.put(value, bound);
        }

        List<Value> write(int ops) {
            List<Op> known = List.copyOf(rows.keySet());
            for (int i = 0; i < ops; i++) {
                Value value = rows.get(known.get(stream.nextInt(known.size()))).write();
                if (value != null && value.shape().size() <= GREATEST_SIZE) {
                    pool.add(value);
                }
            }
            List<Value> latest = pool.subList(Math.max(0, pool.size() - 3), pool.size());
            return List.copyOf(new LinkedHashSet<>(latest));
        }

        /** The value, scaled down if its bound is large. */
        private Value bounded(Value value, double bound) {
            Value settled = bound > GREATEST_NUMBER ? b.mul(value, b.constant(1 / bound)) : value;
            bounds.put(settled, Math.min(bound, GREATEST_NUMBER));
            return settled;
        }

        /** Records that a value's elements are copies of another's. */
        private Value moved(Value from, Value value) {
            bounds.put(value, bounds.get(from));
            if (exact.contains(from)) {
                exact.add(value);
            }
            return value;
        }

        private Value aboveOne(Value x) {
            return b.add(b.square(x), b.constant(1));
        }

        private boolean small(Value value) {
            return bounds.get(value) <= 3;
        }

        private boolean rowsOfExact(Value value) {
            return exact.contains(value) && value.shape().rank() > 0;
        }

        private @Nullable Value pick(Predicate<Value> fits) {
            List<Value> fitting = pool.stream().filter(fits).toList();
            return fitting.isEmpty() ? null : fitting.get(stream.nextInt(fitting.size()));
        }

        private interface Unary {
            @Nullable
            Value of(Value x, double bound);
        }

        private @Nullable Value unary(Predicate<Value> fits, Unary op) {
            Value x = pick(fits);
            return x == null ? null : op.of(x, bounds.get(x));
        }

        private interface Binary {
            Value of(Value x, Value y, double boundOfX, double boundOfY);
        }

        private @Nullable Value pair(Binary op) {
            Value x = pick(any -> true);
            Value y = x == null ? null : pick(other -> broadcastable(x, other));
            return y == null ? null : op.of(x, y, bounds.get(x), bounds.get(y));
        }

        private static boolean broadcastable(Value x, Value y) {
            long size = 1;
            for (int back = 1; back <= Math.max(x.shape().rank(), y.shape().rank()); back++) {
                int p = extentFromBack(x, back);
                int q = extentFromBack(y, back);
                if (p != q && p != 1 && q != 1) {
                    return false;
                }
                size *= Math.max(p, q);
            }
            return size <= GREATEST_SIZE;
        }

        private static int extentFromBack(Value x, int back) {
            int rank = x.shape().rank();
            return back <= rank ? x.shape().dim(rank - back) : 1;
        }

        private @Nullable Value comparison(Op op) {
            Value x = pick(exact::contains);
            Value y = x == null ? null : pick(other -> exact.contains(other) && broadcastable(x, other));
            if (y == null) {
                return null;
            }
            return bounded(op == Op.GREATER ? b.greater(x, y) : b.equal(x, y), 1);
        }

        private @Nullable Value select() {
            Value condition = comparison(Op.GREATER);
            Value x = condition == null ? null : pick(other -> broadcastable(condition, other));
            if (x == null) {
                return null;
            }
            Value chosen = b.mul(condition, b.constant(1));
            return bounded(b.select(chosen, x, b.constant(0.5)), bounds.get(x) + 1);
        }

        private Value iota() {
            Value iota = b.iota(EXTENTS[stream.nextInt(EXTENTS.length)]);
            exact.add(iota);
            return bounded(iota, GREATEST_NUMBER);
        }

        private @Nullable Value matmul() {
            Value x = pick(value -> value.shape().rank() == 2);
            if (x == null) {
                return null;
            }
            boolean left = stream.nextInt(2) == 0;
            boolean right = stream.nextInt(2) == 0;
            int inner = x.shape().dim(left ? 0 : 1);
            Value y = pick(value -> value.shape().rank() == 2 && value.shape().dim(right ? 1 : 0) == inner);
            // A product of x with itself always fits one way.
            Value product = y == null ? b.matmul(x, x, left, !left) : b.matmul(x, y, left, right);
            return bounded(product, inner * bounds.get(x) * bounds.get(y == null ? x : y));
        }

        /** The solution with C Cᵀ + I, where C has elements of magnitude 1 at most, so that the condition is below 26. */
        private @Nullable Value solve() {
            Value x = pick(any -> true);
            Value y = pick(any -> true);
            int n = 1 + stream.nextInt(5);
            int columns = EXTENTS[stream.nextInt(EXTENTS.length)];
            if (x == null || y == null) {
                return null;
            }
            Value c = b.mul(shaped(x, n, n), b.constant(1 / Math.max(1, bounds.get(x))));
            Value matrix = b.add(b.matmul(c, c, false, true), b.diagonal(b.full(Shape.of(n), 1)));
            return bounded(b.solve(matrix, shaped(y, n, columns)), n * bounds.get(y));
        }

        /** A geometry of small extents, over which the op is not the whole. */
        private Window window() {
            int height = 1 + stream.nextInt(4);
            int width = 1 + stream.nextInt(4);
            int kernelHeight = 1 + stream.nextInt(Math.min(3, height));
            int kernelWidth = 1 + stream.nextInt(Math.min(3, width));
            int rowStride = 1 + stream.nextInt(3);
            int columnStride = 1 + stream.nextInt(3);
            return stream.nextInt(2) == 0
                    ? Window.same(height, width, kernelHeight, kernelWidth, rowStride, columnStride)
                    : Window.padded(
                            height,
                            width,
                            kernelHeight,
                            kernelWidth,
                            rowStride,
                            columnStride,
                            stream.nextInt(kernelHeight),
                            stream.nextInt(kernelWidth));
        }

        /** The first elements of a value in another shape, followed by zeros if it has too few. */
        private Value shaped(Value value, int... dims) {
            int wanted = Shape.of(dims).size();
            int had = value.shape().size();
            Value flat = b.reshape(value, Shape.of(had));
            Value cut = had < wanted ? b.pad(flat, 0, 0, wanted - had) : b.slice(flat, 0, 0, wanted);
            return moved(value, b.reshape(cut, Shape.of(dims)));
        }

        private static int[] inside(Window w, int images, int channels) {
            return new int[] {images, w.height(), w.width(), channels};
        }

        private static int[] outside(Window w, int images, int channels) {
            return new int[] {images, w.outHeight(), w.outWidth(), channels};
        }

        private @Nullable Value convolution(Op op) {
            Value x = pick(any -> true);
            Value y = pick(any -> true);
            Window w = window();
            int images = 1 + stream.nextInt(3);
            int in = 1 + stream.nextInt(3);
            int out = EXTENTS[stream.nextInt(EXTENTS.length)];
            if (x == null
                    || y == null
                    || Shape.of(inside(w, images, Math.max(in, out))).size() > GREATEST_SIZE) {
                return null;
            }
            int[] kernel = {w.kernelHeight(), w.kernelWidth(), in, out};
            Value left = shaped(x, op == Op.CONV_INPUT ? outside(w, images, out) : inside(w, images, in));
            Value right = shaped(y, op == Op.CONV_KERNEL ? outside(w, images, out) : kernel);
            Value result = b.apply(op, List.of(left, right), w);
            double terms = (double) left.shape().size()
                    * right.shape().size()
                    / result.shape().size();
            return bounded(result, Math.max(1, Math.sqrt(terms) * w.area()) * bounds.get(x) * bounds.get(y));
        }

        private @Nullable Value pool(Op op) {
            Value x = pick(value -> exact.contains(value) && value.shape().size() > 1);
            Value y = pick(any -> true);
            Window w = window();
            int channels = EXTENTS[stream.nextInt(EXTENTS.length)];
            if (x == null
                    || y == null
                    || Shape.of(inside(w, 1, channels)).size() > x.shape().size()) {
                return null;
            }
            Value images = shaped(x, inside(w, 1, channels));
            Value other = shaped(y, op == Op.POOL_GATHER ? inside(w, 1, channels) : outside(w, 1, channels));
            return bounded(b.apply(op, List.of(images, other), w), w.area() * bounds.get(y));
        }

        private @Nullable Value windows(Op op) {
            Window w = window();
            int images = 1 + stream.nextInt(3);
            return unary(
                    any -> true,
                    (x, bound) -> bounded(
                            b.apply(
                                    op,
                                    List.of(shaped(
                                            x, op == Op.WINDOW_SUM ? inside(w, images, 3) : outside(w, images, 3))),
                                    w),
                            w.area() * bound));
        }

        private @Nullable Value uniform() {
            return indices.isEmpty()
                    ? null
                    : bounded(b.uniform(indices.get(0), Shape.of(EXTENTS[stream.nextInt(EXTENTS.length)])), 1);
        }

        private @Nullable Value broadcast() {
            return unary(
                    value -> value.shape().size() <= 33 && value.shape().rank() < 3,
                    (x, bound) -> moved(x, b.broadcast(x, x.shape().stacked(1 + stream.nextInt(4)))));
        }

        private @Nullable Value sum() {
            return unary(value -> value.shape().rank() > 0, (x, bound) -> {
                int[] axes = IntStream.range(0, x.shape().rank())
                        .filter(axis -> stream.nextInt(2) == 0)
                        .toArray();
                Value total = b.sum(x, axes);
                return bounded(total, bound * x.shape().size() / total.shape().size());
            });
        }

        private @Nullable Value oneHot() {
            return unary(this::rowsOfExact, (x, bound) -> {
                int depth = x.shape().dim(x.shape().rank() - 1);
                return depth * b.argmax(x).shape().size() > GREATEST_SIZE
                        ? null
                        : bounded(b.oneHot(b.argmax(x), depth), 1);
            });
        }

        private @Nullable Value transpose() {
            return unary(
                    value -> value.shape().rank() > 1,
                    (x, bound) -> moved(
                            x,
                            b.transpose(
                                    x,
                                    stream.sampleWithoutReplacement(
                                            x.shape().rank(), x.shape().rank()))));
        }

        private @Nullable Value slice() {
            return unary(value -> value.shape().rank() > 0, (x, bound) -> {
                int axis = stream.nextInt(x.shape().rank());
                int begin = stream.nextInt(x.shape().dim(axis));
                int end = begin + 1 + stream.nextInt(x.shape().dim(axis) - begin);
                return moved(x, b.slice(x, axis, begin, end));
            });
        }

        private @Nullable Value pad() {
            return unary(value -> value.shape().rank() > 0, (x, bound) -> {
                int axis = stream.nextInt(x.shape().rank());
                return bounded(b.pad(x, axis, stream.nextInt(3), stream.nextInt(3)), bound);
            });
        }

        private @Nullable Value concat() {
            return unary(value -> value.shape().rank() > 0, (x, bound) -> {
                int axis = stream.nextInt(x.shape().rank());
                Value y = pick(other -> other.shape().rank() == x.shape().rank()
                        && other.shape().with(axis, 1).equals(x.shape().with(axis, 1)));
                return y == null ? null : bounded(b.concat(axis, List.of(x, y)), Math.max(bound, bounds.get(y)));
            });
        }

        private @Nullable Value gather() {
            return indices.isEmpty()
                    ? null
                    : unary(
                            value -> value.shape().rank() > 0 && value.shape().dim(0) >= ROWS_OF_INDICES,
                            (x, bound) -> moved(x, b.gather(x, indices.get(0))));
        }

        private @Nullable Value scatter() {
            if (indices.isEmpty()) {
                return null;
            }
            int k = indices.get(0).shape().dim(0);
            return unary(
                    value -> value.shape().rank() > 0 && value.shape().dim(0) == k,
                    (x, bound) ->
                            bounded(b.scatterAdd(indices.get(0), x, ROWS_OF_INDICES + stream.nextInt(3)), k * bound));
        }

        /** A loop over a carry, an index, a stack and an invariant; one of its results. */
        private @Nullable Value loop() {
            Value carry = pick(value -> value.shape().size() <= 40);
            Value invariant = pick(value -> value.shape().size() <= 40);
            if (depth > 1 || carry == null || invariant == null) {
                return null;
            }
            int capacity = 1 + stream.nextInt(GREATEST_COUNT);
            boolean backwards = stream.nextInt(3) == 0;
            boolean stops = !backwards && stream.nextInt(3) == 0;
            Value count = counts.isEmpty() || stream.nextInt(2) == 0
                    ? b.constant(stream.nextInt(capacity + 2))
                    : counts.get(0);
            Value places = b.iota(capacity);
            int[] kept = new int[carry.shape().rank() + 1];
            Arrays.fill(kept, 1);
            kept[0] = capacity;
            Value stack = b.mul(b.add(b.reshape(places, Shape.of(kept)), b.constant(0.5)), carry);
            Program step = step(carry, invariant, bounds.get(invariant), stops);
            List<Value> results = b.loop(
                    new Attributes.Loop(step, capacity, backwards, 1, 2, 1, stops),
                    List.of(count, carry, places, stack, invariant));
            double carried = Math.max(bounds.get(carry), 1);
            return switch (stream.nextInt(3)) {
                case 0 -> bounded(results.get(0), carried);
                case 1 -> bounded(results.get(1), GREATEST_NUMBER);
                default -> bounded(results.get(2), GREATEST_COUNT);
            };
        }

        private Program step(Value carry, Value invariant, double bound, boolean stops) {
            ProgramBuilder sb = new ProgramBuilder();
            Value c = sb.input("carry", carry.shape(), Program.Scope.LOOP);
            Value place = sb.input("place", Shape.scalar(), Program.Scope.LOOP);
            Value row = sb.input("row", carry.shape(), Program.Scope.LOOP);
            Value i = sb.input("invariant", invariant.shape(), Program.Scope.LOOP);
            Writer writer = new Writer(sb, stream, rows.containsKey(Op.STOP_GRADIENT), depth + 1);
            writer.add(c, Math.max(bounds.get(carry), 1));
            writer.add(row, GREATEST_NUMBER);
            if (exact.contains(invariant)) {
                writer.addExact(i, bound);
            } else {
                writer.add(i, bound);
            }
            List<Value> written = writer.write(1 + stream.nextInt(5));
            Value last = written.get(written.size() - 1);
            Value next = sb.tanh(sb.add(sb.mul(c, sb.constant(0.5)), sb.add(sb.meanAll(last), sb.mul(row, place))));
            List<Program.Output> outputs = new ArrayList<>();
            outputs.add(new Program.Output("carry", Program.Reduction.LOOP, next));
            outputs.add(new Program.Output("stacked", Program.Reduction.LOOP, sb.tanh(written.get(0))));
            if (stops) {
                Value limit = sb.constant(stream.nextInt(GREATEST_COUNT) - 0.5);
                outputs.add(new Program.Output("stop", Program.Reduction.LOOP, sb.greater(place, limit)));
            }
            return sb.build("step" + depth, outputs);
        }
    }
}
