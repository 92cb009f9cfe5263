package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Infers the shape of every op's result from its arguments and attributes, and refuses arguments that do not fit. */
final class ShapeInference {
    /** One op's rule. */
    interface Rule {
        Shape shape(List<Value> args, Attributes attributes);
    }

    private static final Map<Op, Rule> RULES = new EnumMap<>(Op.class);

    static {
        RULES.put(Op.INPUT, (args, attributes) -> refuse("the shape of an input cannot be inferred"));
        RULES.put(Op.CONSTANT, (args, attributes) -> Shape.scalar());
        RULES.put(Op.IOTA, (args, attributes) -> Shape.of(((Attributes.Count) attributes).count()));
        for (Op op : Op.values()) {
            if (op.elementwise()) {
                RULES.put(op, (args, attributes) -> same(op, args));
            }
        }
        RULES.put(Op.STOP_GRADIENT, (args, attributes) -> args.get(0).shape());
        RULES.put(Op.BARRIER, (args, attributes) -> args.get(0).shape());
        RULES.put(Op.MATMUL, (args, attributes) -> product(args, (Attributes.Product) attributes));
        RULES.put(Op.SOLVE, (args, attributes) -> solution(shape(args, 0), shape(args, 1)));
        RULES.put(Op.UNIFORM, (args, attributes) -> uniform(shape(args, 0), ((Attributes.To) attributes).shape()));
        RULES.put(Op.CONV, (args, attributes) -> convolution(args, (Window) attributes));
        RULES.put(Op.CONV_INPUT, (args, attributes) -> convolutionInput(args, (Window) attributes));
        RULES.put(Op.CONV_KERNEL, (args, attributes) -> convolutionKernel(args, (Window) attributes));
        RULES.put(Op.POOL_GATHER, (args, attributes) -> poolGather(args, (Window) attributes));
        RULES.put(Op.POOL_SCATTER, (args, attributes) -> poolScatter(args, (Window) attributes));
        RULES.put(Op.WINDOW_SUM, (args, attributes) -> outside(shape(args, 0), (Window) attributes));
        RULES.put(Op.WINDOW_SPREAD, (args, attributes) -> inside(shape(args, 0), (Window) attributes));
        RULES.put(Op.BROADCAST, (args, attributes) -> broadcast(shape(args, 0), ((Attributes.To) attributes).shape()));
        RULES.put(Op.SUM, (args, attributes) -> without(shape(args, 0), ((Attributes.Axes) attributes).axes()));
        RULES.put(Op.MAX, (args, attributes) -> withoutLast(shape(args, 0)));
        RULES.put(Op.ARGMAX, (args, attributes) -> withoutLast(shape(args, 0)));
        RULES.put(Op.ONE_HOT, (args, attributes) -> append(shape(args, 0), ((Attributes.Count) attributes).count()));
        RULES.put(Op.RESHAPE, (args, attributes) -> reshape(shape(args, 0), ((Attributes.To) attributes).shape()));
        RULES.put(Op.TRANSPOSE, (args, attributes) -> permute(shape(args, 0), ((Attributes.Axes) attributes).axes()));
        RULES.put(Op.SLICE, (args, attributes) -> slice(shape(args, 0), (Attributes.Range) attributes));
        RULES.put(Op.PAD, (args, attributes) -> pad(shape(args, 0), (Attributes.Range) attributes));
        RULES.put(Op.CONCAT, (args, attributes) -> concat(args, ((Attributes.Range) attributes).axis()));
        RULES.put(Op.GATHER, (args, attributes) -> gather(shape(args, 0), shape(args, 1)));
        RULES.put(
                Op.SCATTER_ADD,
                (args, attributes) -> scatter(shape(args, 0), shape(args, 1), ((Attributes.Count) attributes).count()));
        RULES.put(Op.LOOP, (args, attributes) -> loop(args, (Attributes.Loop) attributes));
        RULES.put(Op.LOOP_RESULT, (args, attributes) -> result(args.get(0), ((Attributes.Count) attributes).count()));
    }

    private ShapeInference() {}

    /** The ops that have a rule; a test checks that every op has one. */
    static Set<Op> known() {
        return RULES.keySet();
    }

    static Shape infer(Op op, List<Value> args, Attributes attributes) {
        Rule rule = RULES.get(op);
        if (rule == null) {
            throw new IllegalStateException("op " + op.printed() + " has no shape rule");
        }
        return rule.shape(args, attributes);
    }

    private static Shape shape(List<Value> args, int index) {
        return args.get(index).shape();
    }

    private static Shape same(Op op, List<Value> args) {
        Shape first = shape(args, 0);
        for (Value arg : args) {
            require(
                    arg.shape().equals(first),
                    () -> op.printed() + " of " + first + " and " + arg.shape() + ": shapes differ");
        }
        return first;
    }

    private static Shape product(List<Value> args, Attributes.Product product) {
        Shape left = shape(args, 0);
        Shape right = shape(args, 1);
        require(
                left.rank() == 2 && right.rank() == 2,
                () -> "matmul of " + left + " and " + right + ": both must be matrices");
        int inner = left.dim(product.leftTransposed() ? 0 : 1);
        require(
                inner == right.dim(product.rightTransposed() ? 1 : 0),
                () -> "matmul of " + left + " and " + right + " {" + product + "}: inner extents differ");
        return Shape.of(left.dim(product.leftTransposed() ? 1 : 0), right.dim(product.rightTransposed() ? 0 : 1));
    }

    private static Shape solution(Shape matrix, Shape right) {
        require(
                matrix.rank() == 2
                        && matrix.dim(0) == matrix.dim(1)
                        && right.rank() == 2
                        && right.dim(0) == matrix.dim(0),
                () -> "solve of " + matrix + " and " + right
                        + ": the first must be a square matrix, the second a matrix of as many rows");
        return right;
    }

    private static Shape uniform(Shape key, Shape to) {
        require(key.rank() == 1, () -> "uniform from a key of shape " + key + ": a key is a vector");
        return to;
    }

    private static Shape convolution(List<Value> args, Window window) {
        Shape kernel = kernel(shape(args, 1), window);
        Shape result = outside(shape(args, 0), window);
        require(
                result.dim(3) == kernel.dim(2),
                () -> "conv of " + shape(args, 0) + " with " + kernel
                        + ": the kernel must have as many input channels");
        return result.with(3, kernel.dim(3));
    }

    private static Shape convolutionInput(List<Value> args, Window window) {
        Shape kernel = kernel(shape(args, 1), window);
        Shape result = inside(shape(args, 0), window);
        require(
                result.dim(3) == kernel.dim(3),
                () -> "conv-input of " + shape(args, 0) + " with " + kernel
                        + ": the kernel must have as many output channels");
        return result.with(3, kernel.dim(2));
    }

    private static Shape convolutionKernel(List<Value> args, Window window) {
        Shape in = shape(args, 0);
        Shape out = shape(args, 1);
        require(
                outside(in, window).dim(0) == inside(out, window).dim(0),
                () -> "conv-kernel of " + in + " and " + out + ": numbers of images differ");
        return Shape.of(window.kernelHeight(), window.kernelWidth(), in.dim(3), out.dim(3));
    }

    private static Shape poolGather(List<Value> args, Window window) {
        require(
                shape(args, 0).equals(shape(args, 1)),
                () -> "pool-gather of " + shape(args, 0) + " and " + shape(args, 1) + ": shapes differ");
        return outside(shape(args, 0), window);
    }

    private static Shape poolScatter(List<Value> args, Window window) {
        Shape pooled = outside(shape(args, 0), window);
        require(
                pooled.equals(shape(args, 1)),
                () -> "pool-scatter over " + shape(args, 0) + " of " + shape(args, 1) + ": it must be " + pooled);
        return shape(args, 0);
    }

    private static Shape kernel(Shape kernel, Window window) {
        require(
                kernel.rank() == 4 && kernel.dim(0) == window.kernelHeight() && kernel.dim(1) == window.kernelWidth(),
                () -> "kernel " + kernel + " for windows {" + window + "}");
        return kernel;
    }

    /** The shape of a window op's output, [n, oh, ow, c], from that of its input, [n, h, w, c]. */
    private static Shape outside(Shape images, Window window) {
        require(
                images.rank() == 4 && images.dim(1) == window.height() && images.dim(2) == window.width(),
                () -> "images " + images + " for windows {" + window + "}");
        return images.with(1, window.outHeight()).with(2, window.outWidth());
    }

    /** The shape of a window op's input, [n, h, w, c], from that of its output, [n, oh, ow, c]. */
    private static Shape inside(Shape pooled, Window window) {
        require(
                pooled.rank() == 4 && pooled.dim(1) == window.outHeight() && pooled.dim(2) == window.outWidth(),
                () -> "outputs " + pooled + " of windows {" + window + "}");
        return pooled.with(1, window.height()).with(2, window.width());
    }

    private static Shape broadcast(Shape from, Shape to) {
        boolean fits = from.rank() <= to.rank();
        for (int back = 1; fits && back <= from.rank(); back++) {
            int extent = from.dim(from.rank() - back);
            fits = extent == 1 || extent == to.dim(to.rank() - back);
        }
        require(fits, () -> "cannot broadcast " + from + " to " + to);
        return to;
    }

    private static Shape without(Shape shape, List<Integer> axes) {
        Set<Integer> summed = new TreeSet<>(axes);
        require(
                summed.size() == axes.size()
                        && List.copyOf(summed).equals(axes)
                        && summed.stream().allMatch(a -> a >= 0 && a < shape.rank()),
                () -> "sum of " + shape + " over axes " + axes + ": axes must be ascending and below " + shape.rank());
        int[] kept = java.util.stream.IntStream.range(0, shape.rank())
                .filter(axis -> !summed.contains(axis))
                .map(shape::dim)
                .toArray();
        return Shape.of(kept);
    }

    private static Shape withoutLast(Shape shape) {
        require(shape.rank() > 0, () -> "a maximum needs an axis");
        return Shape.of(Arrays.copyOf(shape.dims(), shape.rank() - 1));
    }

    private static Shape append(Shape shape, int extent) {
        int[] dims = Arrays.copyOf(shape.dims(), shape.rank() + 1);
        dims[shape.rank()] = extent;
        return Shape.of(dims);
    }

    private static Shape reshape(Shape from, Shape to) {
        require(
                from.size() == to.size(),
                () -> "cannot reshape " + from + " to " + to + ": numbers of elements differ");
        return to;
    }

    private static Shape permute(Shape shape, List<Integer> axes) {
        require(
                List.copyOf(new TreeSet<>(axes))
                                .equals(java.util.stream.IntStream.range(0, shape.rank())
                                        .boxed()
                                        .toList())
                        && axes.size() == shape.rank(),
                () -> "transpose of " + shape + " by " + axes + ": not a permutation of its axes");
        return Shape.of(axes.stream().mapToInt(shape::dim).toArray());
    }

    private static Shape slice(Shape shape, Attributes.Range range) {
        require(
                range.axis() >= 0
                        && range.axis() < shape.rank()
                        && range.begin() >= 0
                        && range.begin() < range.end()
                        && range.end() <= shape.dim(range.axis()),
                () -> "slice of " + shape + " at " + range + ": out of range");
        return shape.with(range.axis(), range.end() - range.begin());
    }

    private static Shape pad(Shape shape, Attributes.Range range) {
        require(
                range.axis() >= 0 && range.axis() < shape.rank() && range.begin() >= 0 && range.end() >= 0,
                () -> "pad of " + shape + " by " + range + ": negative or no such axis");
        return shape.with(range.axis(), shape.dim(range.axis()) + range.begin() + range.end());
    }

    private static Shape concat(List<Value> args, int axis) {
        require(!args.isEmpty(), () -> "concat of nothing");
        Shape first = shape(args, 0);
        require(
                axis >= 0 && axis < first.rank(),
                () -> "concat of " + first + " along axis " + axis + ": no such axis");
        int extent = 0;
        for (Value arg : args) {
            require(
                    arg.shape().rank() == first.rank()
                            && arg.shape().with(axis, first.dim(axis)).equals(first),
                    () -> "concat of " + first + " and " + arg.shape() + " along axis " + axis
                            + ": other extents differ");
            extent += arg.shape().dim(axis);
        }
        return first.with(axis, extent);
    }

    private static Shape gather(Shape rows, Shape indices) {
        require(
                rows.rank() >= 1 && indices.rank() == 1,
                () -> "gather of " + rows + " at " + indices + ": indices must be [k]");
        return rows.with(0, indices.dim(0));
    }

    private static Shape scatter(Shape indices, Shape rows, int count) {
        require(
                indices.rank() == 1 && rows.rank() >= 1 && rows.dim(0) == indices.dim(0),
                () -> "scatter-add of " + rows + " at " + indices + ": indices must be [k] for rows [k, ...]");
        return rows.with(0, count);
    }

    private static Shape loop(List<Value> args, Attributes.Loop loop) {
        Program step = loop.step();
        int outputs = loop.carries() + loop.stacked() + (loop.stops() ? 1 : 0);
        require(
                args.size() == 1 + step.inputs().size() && step.outputs().size() == outputs && loop.invariants() >= 0,
                () -> "loop of " + step.name() + " with " + args.size() + " arguments and "
                        + step.outputs().size() + " outputs: these do not match {" + loop + "}");
        require(
                shape(args, 0).equals(Shape.scalar()),
                () -> "loop of " + step.name() + ": the step count must be a scalar");
        for (int i = 0; i < step.inputs().size(); i++) {
            Program.Input input = step.inputs().get(i);
            boolean stack = i >= loop.carries() && i < loop.carries() + loop.perStep();
            Shape expected = stack ? input.shape().stacked(loop.capacity()) : input.shape();
            Shape given = shape(args, i + 1);
            require(
                    input.scope() == Program.Scope.LOOP && given.equals(expected),
                    () -> "loop of " + step.name() + ": input " + input.name() + " has the shape " + expected
                            + ", was given " + given);
        }
        for (int i = 0; i < loop.carries(); i++) {
            Program.Input carry = step.inputs().get(i);
            Shape next = step.outputs().get(i).shape();
            require(
                    next.equals(carry.shape()),
                    () -> "loop of " + step.name() + ": carry " + carry.name() + " becomes " + next);
        }
        require(
                !loop.stops() || step.outputs().get(outputs - 1).shape().equals(Shape.scalar()),
                () -> "loop of " + step.name() + ": the stop predicate must be a scalar");
        return Shape.scalar();
    }

    private static Shape result(Value value, int index) {
        require(value.op() == Op.LOOP, () -> "result of " + value + ", which is no loop");
        Attributes.Loop loop = value.loop();
        require(
                index >= 0 && index <= loop.countResult(),
                () -> "result " + index + " of " + value + ": no such result");
        if (index == loop.countResult()) {
            return Shape.scalar();
        }
        Shape shape = loop.step().outputs().get(index).shape();
        return index < loop.carries() ? shape : shape.stacked(loop.capacity());
    }

    private static Shape refuse(String message) {
        throw new IllegalArgumentException(message);
    }

    private static void require(boolean condition, Supplier<String> message) {
        if (!condition) {
            throw new IllegalArgumentException(message.get());
        }
    }
}
