package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Builds programs. Equal computations become the same value (common subexpression elimination), constants are folded and
 * trivial ops are simplified away as they are applied ({@link AlgebraicSimplifier}). Elementwise ops broadcast their
 * arguments as NumPy does. Not thread-safe.
 */
public final class ProgramBuilder {
    private record Key(Op op, List<Value> args, Attributes attributes) {}

    private final Map<Key, Value> known = new HashMap<>();
    private final List<Program.Input> inputs = new ArrayList<>();
    private final boolean simplifies;
    private int next;

    public ProgramBuilder() {
        this(true);
    }

    /** A builder that can leave every op as it is applied, so that tests can compare with the simplified program. */
    ProgramBuilder(boolean simplifies) {
        this.simplifies = simplifies;
    }

    /** A new input; names must differ within a program. */
    public Value input(String name, Shape shape, Program.Scope scope) {
        Value value = new Value(next++, Op.INPUT, List.of(), new Attributes.Named(name), shape);
        inputs.add(new Program.Input(name, scope, value));
        return value;
    }

    /** The inputs created so far, in order. */
    public List<Program.Input> inputs() {
        return List.copyOf(inputs);
    }

    /** The program of all inputs created so far and the given outputs. */
    public Program build(String name, List<Program.Output> outputs) {
        return new Program(name, inputs, outputs);
    }

    /**
     * Applies an op; every value except an input is created here.
     *
     * @throws IllegalArgumentException if the op's shape rule refuses the arguments
     */
    public Value apply(Op op, List<Value> args, Attributes attributes) {
        Value simpler = simplifies ? AlgebraicSimplifier.simplify(this, op, args, attributes) : null;
        if (simpler != null) {
            return simpler;
        }
        Shape shape = ShapeInference.infer(op, args, attributes);
        return known.computeIfAbsent(
                new Key(op, List.copyOf(args), attributes), key -> new Value(next++, op, args, attributes, shape));
    }

    /** The outputs of a program applied to the given values in place of its inputs. */
    public List<Value> inline(Program program, List<Value> arguments) {
        Map<Value, Value> images = new HashMap<>();
        for (int i = 0; i < program.inputs().size(); i++) {
            images.put(program.inputs().get(i).value(), arguments.get(i));
        }
        return inline(
                program.values(),
                images,
                program.outputs().stream().map(Program.Output::value).toList());
    }

    /** Copies {@code values}, in order, except those with an image already, and returns the images of {@code results}. */
    public List<Value> inline(List<Value> values, Map<Value, Value> images, List<Value> results) {
        for (Value value : values) {
            if (!images.containsKey(value)) {
                images.put(value, copy(value, images));
            }
        }
        return results.stream().map(images::get).toList();
    }

    /** The same op on the images of the arguments. */
    public Value copy(Value value, Map<Value, Value> images) {
        return apply(value.op(), value.args().stream().map(images::get).toList(), value.attributes());
    }

    public Value constant(double number) {
        return apply(Op.CONSTANT, List.of(), new Attributes.Number(number));
    }

    /** An array of the given shape filled with one number. */
    public Value full(Shape shape, double number) {
        return broadcast(constant(number), shape);
    }

    /** 0, 1, ... n-1. */
    public Value iota(int count) {
        return apply(Op.IOTA, List.of(), new Attributes.Count(count));
    }

    public Value neg(Value a) {
        return unary(Op.NEG, a);
    }

    public Value exp(Value a) {
        return unary(Op.EXP, a);
    }

    public Value log(Value a) {
        return unary(Op.LOG, a);
    }

    /** log(1 + a), accurate near 0. */
    public Value log1p(Value a) {
        return unary(Op.LOG1P, a);
    }

    /** exp(a) - 1, accurate near 0. */
    public Value expm1(Value a) {
        return unary(Op.EXPM1, a);
    }

    public Value sqrt(Value a) {
        return unary(Op.SQRT, a);
    }

    public Value tanh(Value a) {
        return unary(Op.TANH, a);
    }

    /** 1 / (1 + exp(-a)). */
    public Value sigmoid(Value a) {
        return unary(Op.SIGMOID, a);
    }

    /** max(a, 0), with derivative 0 at 0. */
    public Value relu(Value a) {
        return unary(Op.RELU, a);
    }

    public Value square(Value a) {
        return mul(a, a);
    }

    public Value stopGradient(Value a) {
        return unary(Op.STOP_GRADIENT, a);
    }

    /**
     * The value through an optimization barrier, which no simplification crosses, so that a derivative can be taken with
     * respect to the result: simplification cannot remove it from the values computed from it.
     */
    public Value barrier(Value a) {
        return unary(Op.BARRIER, a);
    }

    private Value unary(Op op, Value a) {
        return apply(op, List.of(a), Attributes.None.NONE);
    }

    public Value add(Value a, Value b) {
        return binary(Op.ADD, a, b);
    }

    public Value sub(Value a, Value b) {
        return binary(Op.SUB, a, b);
    }

    public Value mul(Value a, Value b) {
        return binary(Op.MUL, a, b);
    }

    public Value div(Value a, Value b) {
        return binary(Op.DIV, a, b);
    }

    /** 1 where a is greater than b, else 0. */
    public Value greater(Value a, Value b) {
        return binary(Op.GREATER, a, b);
    }

    /** 1 where a equals b, else 0. */
    public Value equal(Value a, Value b) {
        return binary(Op.EQUAL, a, b);
    }

    private Value binary(Op op, Value a, Value b) {
        Shape shape = common(a.shape(), b.shape());
        return apply(op, List.of(broadcast(a, shape), broadcast(b, shape)), Attributes.None.NONE);
    }

    /** a where the condition is not 0, else b. */
    public Value select(Value condition, Value a, Value b) {
        Shape shape = common(condition.shape(), common(a.shape(), b.shape()));
        return apply(
                Op.SELECT,
                List.of(broadcast(condition, shape), broadcast(a, shape), broadcast(b, shape)),
                Attributes.None.NONE);
    }

    private static Shape common(Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] dims = new int[rank];
        for (int back = 1; back <= rank; back++) {
            int ofA = back <= a.rank() ? a.dim(a.rank() - back) : 1;
            int ofB = back <= b.rank() ? b.dim(b.rank() - back) : 1;
            if (ofA != ofB && ofA != 1 && ofB != 1) {
                throw new IllegalArgumentException("cannot broadcast " + a + " and " + b + " together");
            }
            dims[rank - back] = Math.max(ofA, ofB);
        }
        return Shape.of(dims);
    }

    public Value broadcast(Value a, Shape shape) {
        return apply(Op.BROADCAST, List.of(a), new Attributes.To(shape));
    }

    public Value reshape(Value a, Shape shape) {
        return apply(Op.RESHAPE, List.of(a), new Attributes.To(shape));
    }

    public Value matmul(Value a, Value b) {
        return matmul(a, b, false, false);
    }

    /** The product of two matrices, each of which may be read transposed. */
    public Value matmul(Value a, Value b, boolean aTransposed, boolean bTransposed) {
        return apply(Op.MATMUL, List.of(a, b), new Attributes.Product(aTransposed, bTransposed));
    }

    /**
     * The solution [n, m] of A X = B for a symmetric positive definite A [n, n] and B [n, m]; a right-hand side that is a
     * vector is [n, 1]. The function is that of A's symmetric part (A + Aᵀ) / 2, so its derivative in A is symmetric. All
     * results are NaN if A is not positive definite.
     */
    public Value solve(Value a, Value b) {
        return apply(Op.SOLVE, List.of(a, b), Attributes.None.NONE);
    }

    /** The diagonal matrix [n, n] of a vector [n]. */
    public Value diagonal(Value vector) {
        int n = vector.shape().dim(0);
        return select(oneHot(iota(n), n), vector, constant(0));
    }

    /** A matrix with zeros above its diagonal. */
    public Value lowerTriangle(Value matrix) {
        int rows = matrix.shape().dim(0);
        Value row = reshape(iota(rows), Shape.of(rows, 1));
        Value column = iota(matrix.shape().dim(1));
        return select(greater(column, row), constant(0), matrix);
    }

    /** Images [n, h, w, in] cross-correlated with a kernel [kh, kw, in, out]: [n, oh, ow, out]. */
    public Value conv(Value images, Value kernel, Window window) {
        return apply(Op.CONV, List.of(images, kernel), window);
    }

    /** The adjoint of {@link #conv} in the images: from [n, oh, ow, out] to [n, h, w, in]. */
    public Value convInput(Value cotangent, Value kernel, Window window) {
        return apply(Op.CONV_INPUT, List.of(cotangent, kernel), window);
    }

    /** The adjoint of {@link #conv} in the kernel: [kh, kw, in, out]. */
    public Value convKernel(Value images, Value cotangent, Window window) {
        return apply(Op.CONV_KERNEL, List.of(images, cotangent), window);
    }

    /** The maximum over each window of images [n, h, w, c]; its derivative goes to the first maximum. */
    public Value maxPool(Value images, Window window) {
        return poolGather(images, images, window);
    }

    /** For each window of {@code images}, the element of {@code from} where the images have their first maximum. */
    public Value poolGather(Value images, Value from, Window window) {
        return apply(Op.POOL_GATHER, List.of(images, from), window);
    }

    /** The adjoint of {@link #poolGather} in {@code from}. */
    public Value poolScatter(Value images, Value cotangent, Window window) {
        return apply(Op.POOL_SCATTER, List.of(images, cotangent), window);
    }

    /** The sum over each window of images [n, h, w, c]: [n, oh, ow, c]. */
    public Value windowSum(Value images, Window window) {
        return apply(Op.WINDOW_SUM, List.of(images), window);
    }

    /** The adjoint of {@link #windowSum}. */
    public Value windowSpread(Value cotangent, Window window) {
        return apply(Op.WINDOW_SPREAD, List.of(cotangent), window);
    }

    /**
     * Pseudorandom numbers, uniform in [0, 1): a pure function of the key.
     *
     * @param key [k] integers from 0 to 2^24
     */
    public Value uniform(Value key, Shape shape) {
        return apply(Op.UNIFORM, List.of(key), new Attributes.To(shape));
    }

    /** Sum over the given axes, which are removed. */
    public Value sum(Value a, int... axes) {
        return apply(
                Op.SUM,
                List.of(a),
                new Attributes.Axes(Arrays.stream(axes).sorted().boxed().toList()));
    }

    /** Sum over the given axes, which remain with extent 1. */
    public Value sumKept(Value a, int... axes) {
        return reshape(sum(a, axes), kept(a.shape(), axes));
    }

    public Value sumAll(Value a) {
        return sum(a, IntStream.range(0, a.shape().rank()).toArray());
    }

    /** Mean over the given axes, which are removed. */
    public Value mean(Value a, int... axes) {
        Value total = sum(a, axes);
        return mul(total, constant((double) total.shape().size() / a.shape().size()));
    }

    /** Mean over the given axes, which remain with extent 1. */
    public Value meanKept(Value a, int... axes) {
        return reshape(mean(a, axes), kept(a.shape(), axes));
    }

    public Value meanAll(Value a) {
        return mean(a, IntStream.range(0, a.shape().rank()).toArray());
    }

    private static Shape kept(Shape shape, int... axes) {
        Shape kept = shape;
        for (int axis : axes) {
            kept = kept.with(axis, 1);
        }
        return kept;
    }

    /** Maximum over the last axis, which is removed; its derivative goes to the first maximum. */
    public Value max(Value a) {
        return apply(Op.MAX, List.of(a), Attributes.None.NONE);
    }

    /** Index of the first maximum along the last axis, which is removed. */
    public Value argmax(Value a) {
        return apply(Op.ARGMAX, List.of(a), Attributes.None.NONE);
    }

    /** A new last axis of the given depth: 1 at the index, 0 elsewhere. */
    public Value oneHot(Value indices, int depth) {
        return apply(Op.ONE_HOT, List.of(indices), new Attributes.Count(depth));
    }

    /** Axis i of the result is axis {@code axes[i]} of the argument. */
    public Value transpose(Value a, int... axes) {
        return apply(
                Op.TRANSPOSE,
                List.of(a),
                new Attributes.Axes(Arrays.stream(axes).boxed().toList()));
    }

    /** Elements from begin (inclusive) to end (exclusive) of one axis. */
    public Value slice(Value a, int axis, int begin, int end) {
        return apply(Op.SLICE, List.of(a), new Attributes.Range(axis, begin, end));
    }

    /** The value with zeros added before and after along one axis. */
    public Value pad(Value a, int axis, int before, int after) {
        return apply(Op.PAD, List.of(a), new Attributes.Range(axis, before, after));
    }

    public Value concat(int axis, List<Value> parts) {
        return apply(Op.CONCAT, parts, new Attributes.Range(axis, 0, 0));
    }

    /** Rows of {@code a} [n, ...] at the indices [k]: [k, ...]. An index out of range fails when the program runs. */
    public Value gather(Value a, Value indices) {
        return apply(Op.GATHER, List.of(a, indices), Attributes.None.NONE);
    }

    /** Zeros [count, ...] with the rows [k, ...] added at the indices [k], in order. */
    public Value scatterAdd(Value indices, Value rows, int count) {
        return apply(Op.SCATTER_ADD, List.of(indices, rows), new Attributes.Count(count));
    }

    /**
     * All results of a loop: carries, stacked outputs, number of steps that ran; see {@link Attributes.Loop}.
     *
     * @param arguments the count, the initial carries, the stacked per-step inputs, the invariants
     */
    public List<Value> loop(Attributes.Loop attributes, List<Value> arguments) {
        return results(apply(Op.LOOP, arguments, attributes));
    }

    /** All results of a loop of this builder, in order. */
    public List<Value> results(Value loop) {
        return IntStream.rangeClosed(0, loop.loop().countResult())
                .mapToObj(index -> apply(Op.LOOP_RESULT, List.of(loop), new Attributes.Count(index)))
                .toList();
    }
}
