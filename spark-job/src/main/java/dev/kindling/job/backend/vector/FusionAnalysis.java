package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Decides which ops are fused, which values are aliases of parts of others, and at which nesting level each value is
 * computed: 0 once per set of broadcast inputs, 1 once per task, more inside loops.
 */
final class FusionAnalysis {
    /** The ops that a summed output absorbs: they add to the sum without an array of their own. */
    private static final Set<Op> SUMMANDS_OF_OUTPUTS = summandsOfOutputs();

    private final Program program;
    private final Map<Value, Integer> levels;
    private final Map<Value, Integer> uses = new HashMap<>();
    private final Map<Value, FusedOp> fusedOps = new HashMap<>();
    private final Map<Program.Output, FusedOp.Sum> sums = new HashMap<>();
    private final Set<Value> materialized = new HashSet<>();

    /**
     * Analyses a program.
     *
     * @param inputLevels the level of every input of the program
     */
    FusionAnalysis(Program program, Map<Value, Integer> inputLevels) {
        this.program = program;
        this.levels = new HashMap<>(inputLevels);
        for (Value value : program.values()) {
            levels.computeIfAbsent(
                    value,
                    any -> value.args().stream().mapToInt(this::level).max().orElse(0));
            value.args().forEach(arg -> uses.merge(arg, 1, Integer::sum));
        }
        program.outputs().forEach(output -> uses.merge(output.value(), 1, Integer::sum));
        fuse();
    }

    private static Set<Op> summandsOfOutputs() {
        Set<Op> kinds = EnumSet.copyOf(MatmulPlanner.KINDS);
        kinds.add(Op.SCATTER_ADD);
        return Collections.unmodifiableSet(kinds);
    }

    int level(Value value) {
        return Objects.requireNonNull(levels.get(value));
    }

    /** Whether the value needs memory of its own. */
    boolean materialized(Value value) {
        return materialized.contains(value);
    }

    /** The computation of a materialised value. */
    FusedOp fusedOp(Value value) {
        return Objects.requireNonNull(fusedOps.get(value));
    }

    /** The sum that each task adds to a summed output. */
    FusedOp.Sum sum(Program.Output output) {
        return Objects.requireNonNull(sums.get(output));
    }

    private void fuse() {
        for (Program.Output output : program.outputs()) {
            if (output.reduction() == Program.Reduction.SUM) {
                FusedOp.Sum sum = summed(output.value());
                sums.put(output, sum);
                sum.reads().forEach(this::materialize);
            } else {
                materialize(output.value());
            }
        }
        List<Value> values = program.values();
        for (int i = values.size() - 1; i >= 0; i--) {
            Value value = values.get(i);
            if (materialized.contains(value)) {
                FusedOp fusedOp = fuse(value);
                fusedOps.put(value, fusedOp);
                fusedOp.reads().forEach(this::materialize);
            }
        }
    }

    /** A value is read in place, so the value that it is an alias of is materialised. */
    private void materialize(Value value) {
        materialized.add(Alias.of(value).root());
    }

    private FusedOp fuse(Value value) {
        if (MatmulPlanner.KINDS.contains(value.op())) {
            return new FusedOp.Sum(List.of(value), List.of(), List.of());
        }
        if (!value.op().elementwise()) {
            return new FusedOp.Unfused(value);
        }
        if (value.op() == Op.ADD && containsAny(MatmulPlanner.KINDS, value)) {
            return sumTree(MatmulPlanner.KINDS, value);
        }
        return switch (value.op()) {
            case SELECT -> mask(value);
            case ADD, SUB -> multiplyAdd(value);
            case MUL, DIV, GREATER, EQUAL -> binary(value);
            default -> new FusedOp.Unary(value.op(), full(value.shape(), value.args()));
        };
    }

    private static FusedOp binary(Value value) {
        return new FusedOp.Binary(value.op(), OperandAccess.BroadcastPattern.of(value.shape(), value.args()));
    }

    private static OperandAccess.BroadcastPattern full(Shape shape, List<Value> args) {
        return new OperandAccess.BroadcastPattern(
                1,
                shape.size(),
                args.stream()
                        .map(arg -> new OperandAccess(arg, OperandAccess.Kind.FULL))
                        .toList());
    }

    private boolean onlyUse(Value arg, Value consumer) {
        return uses.getOrDefault(arg, 0) == 1 && level(arg) == level(consumer);
    }

    private FusedOp mask(Value value) {
        Value condition = value.arg(0);
        if (condition.op() == Op.GREATER
                && condition.arg(1).isEverywhere(0)
                && value.arg(2).isEverywhere(0)) {
            OperandAccess.BroadcastPattern pattern =
                    OperandAccess.BroadcastPattern.of(value.shape(), List.of(condition.arg(0), value.arg(1)));
            if (isVector(pattern.accesses().get(0))) {
                return new FusedOp.Mask(pattern);
            }
        }
        return new FusedOp.Unfused(value);
    }

    private static boolean isVector(OperandAccess access) {
        return access.kind() == OperandAccess.Kind.FULL || access.kind() == OperandAccess.Kind.ROW;
    }

    /** x ± y·z with one rounding, if the product has no other use. */
    private FusedOp multiplyAdd(Value value) {
        Value left = value.arg(0);
        Value right = value.arg(1);
        if (right.op() == Op.MUL && onlyUse(right, value)) {
            return multiplyAdd(value, right, left);
        }
        if (value.op() == Op.ADD && left.op() == Op.MUL && onlyUse(left, value)) {
            return multiplyAdd(value, left, right);
        }
        return binary(value);
    }

    private FusedOp multiplyAdd(Value value, Value product, Value other) {
        for (int first = 0; first < 2; first++) {
            OperandAccess.BroadcastPattern pattern = OperandAccess.BroadcastPattern.of(
                    value.shape(), List.of(product.arg(first), product.arg(1 - first), other));
            if (isVector(pattern.accesses().get(0))
                    && isVector(pattern.accesses().get(2))) {
                return new FusedOp.MultiplyAdd(value.op(), pattern);
            }
        }
        return binary(value);
    }

    /** Whether a sum absorbs an op of the given kinds. */
    private boolean containsAny(Set<Op> kinds, Value sum) {
        return sum.args().stream().anyMatch(arg -> absorbable(kinds, arg, sum));
    }

    private boolean absorbable(Set<Op> kinds, Value arg, Value consumer) {
        return onlyUse(arg, consumer) && (kinds.contains(arg.op()) || (arg.op() == Op.ADD && containsAny(kinds, arg)));
    }

    private FusedOp.Sum sumTree(Set<Op> kinds, Value root) {
        FusedOp.Sum sum = new FusedOp.Sum(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        root.args().forEach(arg -> collect(kinds, arg, root, sum));
        return sum;
    }

    private void collect(Set<Op> kinds, Value value, Value consumer, FusedOp.Sum sum) {
        if (!absorbable(kinds, value, consumer)) {
            sum.rest().add(patternOf(value));
        } else if (kinds.contains(value.op())) {
            (value.op() == Op.SCATTER_ADD ? sum.scatters() : sum.products()).add(value);
        } else {
            value.args().forEach(arg -> collect(kinds, arg, value, sum));
        }
    }

    private static OperandAccess.BroadcastPattern patternOf(Value value) {
        return OperandAccess.BroadcastPattern.of(value.shape(), List.of(value));
    }

    /**
     * Splits a summed output into its summands, if it has no other use. Rows that are added at indices, the gradient of an array of
     * θ that a task reads at indices, are added to the block's sum where they belong: the task has no array of that size.
     */
    private FusedOp.Sum summed(Value value) {
        if (uses.getOrDefault(value, 0) > 1 || level(value) == 0) {
            return new FusedOp.Sum(List.of(), List.of(), List.of(patternOf(value)));
        }
        if (MatmulPlanner.KINDS.contains(value.op())) {
            return new FusedOp.Sum(List.of(value), List.of(), List.of());
        }
        if (value.op() == Op.SCATTER_ADD) {
            return new FusedOp.Sum(List.of(), List.of(value), List.of());
        }
        return value.op() == Op.ADD && containsAny(SUMMANDS_OF_OUTPUTS, value)
                ? sumTree(SUMMANDS_OF_OUTPUTS, value)
                : new FusedOp.Sum(List.of(), List.of(), List.of(patternOf(value)));
    }

    /**
     * A value that is a contiguous part of another.
     *
     * @param root the value that has memory of its own
     * @param offset index of the part's first element in the root
     */
    record Alias(Value root, int offset) {
        static Alias of(Value value) {
            Value current = value;
            int offset = 0;
            while (true) {
                switch (current.op()) {
                    case RESHAPE, STOP_GRADIENT, BARRIER -> {}
                    case BROADCAST -> {
                        if (current.shape().size() != current.arg(0).shape().size()) {
                            return new Alias(current, offset);
                        }
                    }
                    case SLICE -> {
                        Attributes.Range range = (Attributes.Range) current.attributes();
                        Shape shape = current.arg(0).shape();
                        int stride = shape.strides()[range.axis()];
                        if (shape.size() != stride * shape.dim(range.axis())) {
                            return new Alias(current, offset);
                        }
                        offset += range.begin() * stride;
                    }
                    default -> {
                        return new Alias(current, offset);
                    }
                }
                current = current.arg(0);
            }
        }
    }
}
