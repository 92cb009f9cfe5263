package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Simplifies values as they are built: folds constants, removes ops without effect, moves elementwise ops before
 * broadcasts and transpositions. Every rule preserves the value for all finite and non-finite numbers except the sign of
 * zero; x·0 is not folded, so that a NaN stays visible. Every rule preserves the inputs and barriers that the value depends
 * on, and none crosses a barrier; other intermediate values may disappear. Therefore derivatives can only be taken with
 * respect to inputs and barriers.
 */
final class AlgebraicSimplifier {
    private AlgebraicSimplifier() {}

    /** A simpler equal value, or null if there is none. */
    static @Nullable Value simplify(ProgramBuilder b, Op op, List<Value> args, Attributes attributes) {
        return switch (op) {
            case NEG, EXP, LOG, LOG1P, EXPM1, SQRT, TANH, SIGMOID, RELU -> unary(b, op, args.get(0));
            case ADD, SUB, MUL, DIV -> binary(b, op, args.get(0), args.get(1));
            case MATMUL -> product(b, args, (Attributes.Product) attributes);
            case BROADCAST -> broadcast(b, args.get(0), ((Attributes.To) attributes).shape());
            case RESHAPE -> reshape(b, args.get(0), ((Attributes.To) attributes).shape());
            case SUM -> ((Attributes.Axes) attributes).axes().isEmpty() ? args.get(0) : sum(b, args.get(0), attributes);
            case TRANSPOSE -> transpose(b, args.get(0), (Attributes.Axes) attributes);
            case SLICE -> slice(args.get(0), (Attributes.Range) attributes);
            case PAD -> nothingToPad((Attributes.Range) attributes) ? args.get(0) : null;
            case CONCAT -> args.size() == 1 ? args.get(0) : null;
            default -> null;
        };
    }

    private static @Nullable Value unary(ProgramBuilder b, Op op, Value a) {
        if (op == Op.NEG && a.op() == Op.NEG) {
            return a.arg(0);
        }
        if (a.constant()) {
            return b.constant(ScalarOps.apply(op, a.number()));
        }
        if (op == Op.RELU && a.op() == Op.RELU) {
            return a;
        }
        if (a.op() == Op.TRANSPOSE) {
            return b.apply(Op.TRANSPOSE, List.of(b.apply(op, a.args(), Attributes.None.NONE)), a.attributes());
        }
        return a.op() == Op.BROADCAST
                ? b.broadcast(b.apply(op, List.of(a.arg(0)), Attributes.None.NONE), a.shape())
                : null;
    }

    /** Applies an op before the broadcasts of its arguments, if both are broadcast from one shape or one from a scalar. */
    private static @Nullable Value beforeBroadcast(ProgramBuilder b, Op op, Value x, Value y) {
        if (x.op() != Op.BROADCAST || y.op() != Op.BROADCAST) {
            return null;
        }
        Shape ofX = x.arg(0).shape();
        Shape ofY = y.arg(0).shape();
        if (!ofX.equals(ofY) && ofX.rank() > 0 && ofY.rank() > 0) {
            return null;
        }
        Shape shape = ofX.rank() > 0 ? ofX : ofY;
        Value small =
                b.apply(op, List.of(b.broadcast(x.arg(0), shape), b.broadcast(y.arg(0), shape)), Attributes.None.NONE);
        return b.broadcast(small, x.shape());
    }

    /**
     * Applies an op before the transpositions of its arguments, if both are transposed by the same permutation or one is a
     * broadcast scalar. So the layout changes of a convolution's kernel cancel between a gradient step and the next forward
     * pass.
     */
    private static @Nullable Value beforeTranspose(ProgramBuilder b, Op op, Value x, Value y) {
        Value first = x.op() == Op.TRANSPOSE ? x : y;
        if (first.op() != Op.TRANSPOSE || !(transposesLike(x, first) && transposesLike(y, first))) {
            return null;
        }
        Shape shape = first.arg(0).shape();
        Value before = b.apply(op, List.of(untransposed(b, x, shape), untransposed(b, y, shape)), Attributes.None.NONE);
        return b.apply(Op.TRANSPOSE, List.of(before), first.attributes());
    }

    private static boolean transposesLike(Value a, Value first) {
        return a.op() == Op.TRANSPOSE ? a.attributes().equals(first.attributes()) : isBroadcastScalar(a);
    }

    private static boolean isBroadcastScalar(Value a) {
        return a.op() == Op.BROADCAST && a.arg(0).shape().rank() == 0;
    }

    private static Value untransposed(ProgramBuilder b, Value a, Shape shape) {
        return a.op() == Op.TRANSPOSE ? a.arg(0) : b.broadcast(a.arg(0), shape);
    }

    private static @Nullable Value binary(ProgramBuilder b, Op op, Value x, Value y) {
        if (x.constant() && y.constant()) {
            return b.constant(ScalarOps.apply(op, x.number(), y.number()));
        }
        Value broadcast = beforeBroadcast(b, op, x, y);
        if (broadcast != null) {
            return broadcast;
        }

        Value transposed = beforeTranspose(b, op, x, y);
        if (transposed != null) {
            return transposed;
        }
        return switch (op) {
            case ADD -> add(b, x, y);
            case SUB -> sub(b, x, y);
            case MUL -> mul(b, x, y);
            case DIV -> y.isEverywhere(1) ? x : null;
            default -> null;
        };
    }

    private static @Nullable Value add(ProgramBuilder b, Value x, Value y) {
        if (x.isEverywhere(0)) {
            return y;
        }
        if (y.isEverywhere(0)) {
            return x;
        }
        if (y.op() == Op.NEG) {
            return b.sub(x, y.arg(0));
        }
        return x.op() == Op.NEG ? b.sub(y, x.arg(0)) : null;
    }

    private static @Nullable Value sub(ProgramBuilder b, Value x, Value y) {
        if (y.isEverywhere(0)) {
            return x;
        }
        if (x.isEverywhere(0)) {
            return b.neg(y);
        }
        return y.op() == Op.NEG ? b.add(x, y.arg(0)) : null;
    }

    private static @Nullable Value mul(ProgramBuilder b, Value x, Value y) {
        if (x.isEverywhere(1)) {
            return y;
        }
        if (y.isEverywhere(1)) {
            return x;
        }
        if (y.isEverywhere(-1)) {
            return b.neg(x);
        }
        if (x.isEverywhere(-1)) {
            return b.neg(y);
        }
        if (y.op() == Op.NEG && negatable(x)) {
            return b.mul(b.neg(x), y.arg(0));
        }
        return x.op() == Op.NEG && negatable(y) ? b.mul(x.arg(0), b.neg(y)) : null;
    }

    /** Whether negation is folded: a constant or the broadcast of one. */
    private static boolean negatable(Value a) {
        return a.constant() || (a.op() == Op.BROADCAST && a.arg(0).constant());
    }

    /** Folds the transposition of an operand into the product's attributes. */
    private static @Nullable Value product(ProgramBuilder b, List<Value> args, Attributes.Product product) {
        Value left = args.get(0);
        Value right = args.get(1);
        if (left.op() == Op.TRANSPOSE) {
            return b.matmul(left.arg(0), right, !product.leftTransposed(), product.rightTransposed());
        }
        if (right.op() == Op.TRANSPOSE) {
            return b.matmul(left, right.arg(0), product.leftTransposed(), !product.rightTransposed());
        }
        return null;
    }

    private static @Nullable Value broadcast(ProgramBuilder b, Value a, Shape shape) {
        if (a.shape().equals(shape)) {
            return a;
        }
        if (a.op() == Op.BROADCAST) {
            return b.broadcast(a.arg(0), shape);
        }
        // Leading axes of extent 1 have no effect on a broadcast.
        if (a.op() == Op.RESHAPE && leadingOnes(a.arg(0).shape(), a.shape())) {
            return b.broadcast(a.arg(0), shape);
        }
        return null;
    }

    private static boolean leadingOnes(Shape from, Shape to) {
        int more = to.rank() - from.rank();
        return more > 0
                && IntStream.range(0, more).allMatch(axis -> to.dim(axis) == 1)
                && IntStream.range(0, from.rank()).allMatch(axis -> to.dim(axis + more) == from.dim(axis));
    }

    private static @Nullable Value reshape(ProgramBuilder b, Value a, Shape shape) {
        if (a.shape().equals(shape)) {
            return a;
        }
        if (a.op() == Op.RESHAPE) {
            return b.reshape(a.arg(0), shape);
        }
        return a.op() == Op.BROADCAST && a.arg(0).shape().size() == 1
                ? b.broadcast(b.reshape(a.arg(0), Shape.scalar()), shape)
                : null;
    }

    /** Replaces the sum of a broadcast scalar with a product. */
    private static @Nullable Value sum(ProgramBuilder b, Value a, Attributes attributes) {
        if (a.op() != Op.BROADCAST || a.arg(0).shape().rank() != 0) {
            return null;
        }
        Shape shape = ShapeInference.infer(Op.SUM, List.of(a), attributes);
        return b.broadcast(b.mul(a.arg(0), b.constant((double) a.shape().size() / shape.size())), shape);
    }

    private static @Nullable Value transpose(ProgramBuilder b, Value a, Attributes.Axes axes) {
        if (IntStream.range(0, axes.axes().size()).allMatch(i -> axes.axes().get(i) == i)) {
            return a;
        }
        if (a.op() == Op.TRANSPOSE) {
            List<Integer> first = ((Attributes.Axes) a.attributes()).axes();
            return b.transpose(
                    a.arg(0), axes.axes().stream().mapToInt(first::get).toArray());
        }
        if (isBroadcastScalar(a)) {
            return b.broadcast(a.arg(0), ShapeInference.infer(Op.TRANSPOSE, List.of(a), axes));
        }
        if (a.op().elementwise() && a.args().stream().anyMatch(arg -> undoes(axes, arg))) {
            List<Value> moved = a.args().stream()
                    .map(arg -> b.apply(Op.TRANSPOSE, List.of(arg), axes))
                    .toList();
            return b.apply(a.op(), moved, Attributes.None.NONE);
        }
        return movesOnlyOnes(a.shape(), axes.axes())
                ? b.reshape(a, ShapeInference.infer(Op.TRANSPOSE, List.of(a), axes))
                : null;
    }

    /** Whether the axes with an extent above 1 keep their order. */
    private static boolean movesOnlyOnes(Shape shape, List<Integer> axes) {
        List<Integer> extended =
                axes.stream().filter(axis -> shape.dim(axis) > 1).toList();
        return extended.equals(extended.stream().sorted().toList());
    }

    private static boolean undoes(Attributes.Axes axes, Value arg) {
        if (arg.op() != Op.TRANSPOSE) {
            return false;
        }
        List<Integer> first = ((Attributes.Axes) arg.attributes()).axes();
        return IntStream.range(0, first.size())
                .allMatch(i -> first.get(axes.axes().get(i)) == i);
    }

    private static @Nullable Value slice(Value a, Attributes.Range range) {
        return range.begin() == 0 && range.end() == a.shape().dim(range.axis()) ? a : null;
    }

    private static boolean nothingToPad(Attributes.Range range) {
        return range.begin() == 0 && range.end() == 0;
    }
}
