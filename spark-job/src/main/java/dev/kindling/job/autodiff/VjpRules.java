package dev.kindling.job.autodiff;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The vector-Jacobian product rule of every op, written in ops of the same set. */
final class VjpRules {
    /** Computes the cotangents of a value's arguments from its own; null where an argument has none. */
    interface Rule {
        List<@Nullable Value> cotangents(ProgramBuilder b, Value value, Value cotangent);
    }

    /** A rule for an op of one argument. */
    private interface UnaryRule {
        Value cotangent(ProgramBuilder b, Value value, Value cotangent);
    }

    /** Ops without a derivative: sources, integers, booleans, and STOP_GRADIENT, whose derivative is 0 by definition. */
    static final Set<Op> CONSTANT_ALMOST_EVERYWHERE = EnumSet.of(
            Op.INPUT, Op.CONSTANT, Op.IOTA, Op.UNIFORM, Op.GREATER, Op.EQUAL, Op.ARGMAX, Op.ONE_HOT, Op.STOP_GRADIENT);

    /** Ops that {@link ReverseMode} handles itself, because a loop has several results. */
    static final Set<Op> OF_SEVERAL_RESULTS = EnumSet.of(Op.LOOP, Op.LOOP_RESULT);

    private static final Map<Op, Rule> RULES = new EnumMap<>(Op.class);

    static {
        unary(Op.BARRIER, (b, value, c) -> c);
        unary(Op.NEG, (b, value, c) -> b.neg(c));
        unary(Op.EXP, (b, value, c) -> b.mul(c, value));
        unary(Op.LOG, (b, value, c) -> b.div(c, value.arg(0)));
        unary(Op.LOG1P, (b, value, c) -> b.div(c, b.add(value.arg(0), b.constant(1))));
        unary(Op.EXPM1, (b, value, c) -> b.mul(c, b.add(value, b.constant(1))));
        unary(Op.SQRT, (b, value, c) -> b.div(b.mul(c, b.constant(0.5)), value));
        unary(Op.TANH, (b, value, c) -> b.mul(c, b.sub(b.constant(1), b.square(value))));
        unary(Op.SIGMOID, (b, value, c) -> b.mul(c, b.mul(value, b.sub(b.constant(1), value))));
        // The result is positive exactly where the argument is; reading the result keeps one array alive instead of
        // two.
        unary(Op.RELU, (b, value, c) -> b.select(b.greater(value, b.constant(0)), c, b.constant(0)));
        unary(Op.BROADCAST, (b, value, c) -> unbroadcast(b, c, value.arg(0).shape()));
        unary(
                Op.SUM,
                (b, value, c) -> spread(b, c, value.arg(0).shape(), ((Attributes.Axes) value.attributes()).axes()));
        unary(Op.MAX, (b, value, c) -> maximum(b, value.arg(0), c));
        unary(Op.RESHAPE, (b, value, c) -> b.reshape(c, value.arg(0).shape()));
        unary(Op.TRANSPOSE, (b, value, c) -> b.transpose(c, inverse(((Attributes.Axes) value.attributes()).axes())));
        unary(Op.SLICE, (b, value, c) -> unslice(b, c, value));
        unary(Op.PAD, (b, value, c) -> unpad(b, c, value));
        RULES.put(Op.ADD, (b, value, c) -> List.of(c, c));
        RULES.put(Op.SUB, (b, value, c) -> List.of(c, b.neg(c)));
        RULES.put(Op.MUL, (b, value, c) -> List.of(b.mul(c, value.arg(1)), b.mul(c, value.arg(0))));
        RULES.put(Op.DIV, (b, value, c) -> {
            Value first = b.div(c, value.arg(1));
            return List.of(first, b.neg(b.mul(first, value)));
        });
        RULES.put(
                Op.SELECT,
                (b, value, c) -> Arrays.asList(
                        null, b.select(value.arg(0), c, b.constant(0)), b.select(value.arg(0), b.constant(0), c)));
        RULES.put(Op.MATMUL, VjpRules::product);
        RULES.put(Op.SOLVE, VjpRules::solution);
        // Each of the three is the adjoint of the others, so the set is closed.
        RULES.put(
                Op.CONV,
                (b, value, c) -> List.of(
                        b.convInput(c, value.arg(1), window(value)), b.convKernel(value.arg(0), c, window(value))));
        RULES.put(
                Op.CONV_INPUT,
                (b, value, c) ->
                        List.of(b.conv(c, value.arg(1), window(value)), b.convKernel(c, value.arg(0), window(value))));
        RULES.put(
                Op.CONV_KERNEL,
                (b, value, c) ->
                        List.of(b.convInput(value.arg(1), c, window(value)), b.conv(value.arg(0), c, window(value))));
        // The index of the maximum is piecewise constant in the images, so only the second argument has a derivative.
        RULES.put(Op.POOL_GATHER, (b, value, c) -> Arrays.asList(null, b.poolScatter(value.arg(0), c, window(value))));
        RULES.put(Op.POOL_SCATTER, (b, value, c) -> Arrays.asList(null, b.poolGather(value.arg(0), c, window(value))));
        unary(Op.WINDOW_SUM, (b, value, c) -> b.windowSpread(c, window(value)));
        unary(Op.WINDOW_SPREAD, (b, value, c) -> b.windowSum(c, window(value)));
        RULES.put(Op.CONCAT, VjpRules::parts);
        RULES.put(
                Op.GATHER,
                (b, value, c) -> Arrays.asList(
                        b.scatterAdd(value.arg(1), c, value.arg(0).shape().dim(0)), null));
        RULES.put(Op.SCATTER_ADD, (b, value, c) -> Arrays.asList(null, b.gather(c, value.arg(0))));
    }

    private VjpRules() {}

    private static void unary(Op op, UnaryRule rule) {
        RULES.put(op, (b, value, cotangent) -> List.of(rule.cotangent(b, value, cotangent)));
    }

    /** Whether the op has a derivative. */
    static boolean differentiable(Op op) {
        return RULES.containsKey(op) || OF_SEVERAL_RESULTS.contains(op);
    }

    /** The ops that have a rule. */
    static Set<Op> known() {
        return RULES.keySet();
    }

    static Rule of(Op op) {
        Rule rule = RULES.get(op);
        if (rule == null) {
            throw new IllegalStateException("op " + op.printed() + " has no derivative rule");
        }
        return rule;
    }

    private static Window window(Value value) {
        return (Window) value.attributes();
    }

    /** C = A'·B' gives dA' = c·B'ᵀ and dB' = A'ᵀ·c, where ' is the transposition of the operand, if any. */
    private static List<@Nullable Value> product(ProgramBuilder b, Value value, Value c) {
        Attributes.Product product = (Attributes.Product) value.attributes();
        boolean left = product.leftTransposed();
        boolean right = product.rightTransposed();
        Value x = value.arg(0);
        Value y = value.arg(1);
        return List.of(
                left ? b.matmul(y, c, right, true) : b.matmul(c, y, false, !right),
                right ? b.matmul(c, x, true, left) : b.matmul(x, c, !left, false));
    }

    /**
     * X = S⁻¹ B with S = (A + Aᵀ) / 2 gives dB = S⁻¹ c and dS = -dB Xᵀ (Giles, An extended collection of matrix derivative
     * results, 2008, section 2.3.1), and dA is the symmetric part of dS.
     */
    private static List<@Nullable Value> solution(ProgramBuilder b, Value value, Value c) {
        Value right = b.solve(value.arg(0), c);
        Value outer = b.matmul(b.mul(right, b.constant(-0.5)), value, false, true);
        return List.of(b.add(outer, b.transpose(outer, 1, 0)), right);
    }

    /** Sums over the axes along which {@code shape} was broadcast. */
    private static Value unbroadcast(ProgramBuilder b, Value c, Shape shape) {
        int more = c.shape().rank() - shape.rank();
        int[] axes = IntStream.range(0, c.shape().rank())
                .filter(axis ->
                        axis < more || shape.dim(axis - more) != c.shape().dim(axis))
                .toArray();
        return b.reshape(b.sum(c, axes), shape);
    }

    /** Broadcasts along the axes that a sum removed. */
    private static Value spread(ProgramBuilder b, Value c, Shape shape, List<Integer> axes) {
        Shape kept = shape;
        for (int axis : axes) {
            kept = kept.with(axis, 1);
        }
        return b.broadcast(b.reshape(c, kept), shape);
    }

    private static Value maximum(ProgramBuilder b, Value a, Value c) {
        int last = a.shape().rank() - 1;
        Value first = b.oneHot(b.argmax(a), a.shape().dim(last));
        return b.mul(b.reshape(c, a.shape().with(last, 1)), first);
    }

    private static int[] inverse(List<Integer> axes) {
        int[] inverse = new int[axes.size()];
        for (int i = 0; i < inverse.length; i++) {
            inverse[axes.get(i)] = i;
        }
        return inverse;
    }

    private static Value unslice(ProgramBuilder b, Value c, Value value) {
        Attributes.Range range = (Attributes.Range) value.attributes();
        return b.pad(c, range.axis(), range.begin(), value.arg(0).shape().dim(range.axis()) - range.end());
    }

    private static Value unpad(ProgramBuilder b, Value c, Value value) {
        Attributes.Range range = (Attributes.Range) value.attributes();
        return b.slice(c, range.axis(), range.begin(), c.shape().dim(range.axis()) - range.end());
    }

    private static List<@Nullable Value> parts(ProgramBuilder b, Value value, Value c) {
        int axis = ((Attributes.Range) value.attributes()).axis();
        List<@Nullable Value> parts = new ArrayList<>();
        int begin = 0;
        for (Value arg : value.args()) {
            int end = begin + arg.shape().dim(axis);
            parts.add(b.slice(c, axis, begin, end));
            begin = end;
        }
        return parts;
    }
}
