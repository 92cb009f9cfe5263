package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What is fused into what, which values are other names for parts of others, and at which level of the nest each is
 * computed: 0 once per set of shared inputs, 1 once per task, more inside repeats.
 */
final class FusionAnalysis {
    private final Program program;
    private final Map<Value, Integer> levels;
    private final Map<Value, Integer> uses = new HashMap<>();
    private final Map<Value, FusedOp> fusedOps = new HashMap<>();
    private final Map<Program.Output, FusedOp.Sum> sums = new HashMap<>();
    private final Set<Value> demanded = new HashSet<>();

    /**
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

    int level(Value value) {
        return Objects.requireNonNull(levels.get(value));
    }

    /** Whether the value has to be computed for itself. */
    boolean demanded(Value value) {
        return demanded.contains(value);
    }

    /** How a demanded value is computed. */
    FusedOp form(Value value) {
        return Objects.requireNonNull(fusedOps.get(value));
    }

    /** What is added to a summed output. */
    FusedOp.Sum sum(Program.Output output) {
        return Objects.requireNonNull(sums.get(output));
    }

    private void fuse() {
        for (Program.Output output : program.outputs()) {
            if (output.reduction() == Program.Reduction.SUM) {
                FusedOp.Sum sum = summed(output.value());
                sums.put(output, sum);
                sum.reads().forEach(this::demand);
            } else {
                demand(output.value());
            }
        }
        List<Value> values = program.values();
        for (int i = values.size() - 1; i >= 0; i--) {
            Value value = values.get(i);
            if (demanded.contains(value)) {
                FusedOp fusedOp = chosen(value);
                fusedOps.put(value, fusedOp);
                fusedOp.reads().forEach(this::demand);
            }
        }
    }

    /** A value is read where it stands: the array that it is a part of has to be there. */
    private void demand(Value value) {
        demanded.add(Alias.of(value).root());
    }

    private FusedOp chosen(Value value) {
        if (MatmulPlanner.KINDS.contains(value.op())) {
            return new FusedOp.Sum(List.of(value), List.of());
        }
        if (!value.op().elementwise()) {
            return new FusedOp.Plain(value);
        }
        if (value.op() == Op.ADD && leadsToProduct(value)) {
            return tree(value);
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
            if (runsAlong(pattern.readings().get(0))) {
                return new FusedOp.Mask(pattern);
            }
        }
        return new FusedOp.Plain(value);
    }

    private static boolean runsAlong(OperandAccess access) {
        return access.kind() == OperandAccess.Kind.FULL || access.kind() == OperandAccess.Kind.ROW;
    }

    /** x ± y·z in one pass, if the product is needed for nothing else. */
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
            if (runsAlong(pattern.readings().get(0))
                    && runsAlong(pattern.readings().get(2))) {
                return new FusedOp.MultiplyAdd(value.op(), pattern);
            }
        }
        return binary(value);
    }

    private boolean leadsToProduct(Value sum) {
        return sum.args().stream().anyMatch(arg -> absorbable(arg, sum));
    }

    private boolean absorbable(Value arg, Value consumer) {
        return onlyUse(arg, consumer)
                && (MatmulPlanner.KINDS.contains(arg.op()) || (arg.op() == Op.ADD && leadsToProduct(arg)));
    }

    private FusedOp.Sum tree(Value root) {
        List<Value> products = new ArrayList<>();
        List<OperandAccess.BroadcastPattern> rest = new ArrayList<>();
        root.args().forEach(arg -> collect(arg, root, products, rest));
        return new FusedOp.Sum(products, rest);
    }

    private void collect(Value value, Value consumer, List<Value> products, List<OperandAccess.BroadcastPattern> rest) {
        if (!absorbable(value, consumer)) {
            rest.add(alone(value));
        } else if (MatmulPlanner.KINDS.contains(value.op())) {
            products.add(value);
        } else {
            value.args().forEach(arg -> collect(arg, value, products, rest));
        }
    }

    private static OperandAccess.BroadcastPattern alone(Value value) {
        return OperandAccess.BroadcastPattern.of(value.shape(), List.of(value));
    }

    /** A summed output takes apart the sum that it is, where nothing else needs it. */
    private FusedOp.Sum summed(Value value) {
        if (uses.getOrDefault(value, 0) > 1 || level(value) == 0) {
            return new FusedOp.Sum(List.of(), List.of(alone(value)));
        }
        if (MatmulPlanner.KINDS.contains(value.op())) {
            return new FusedOp.Sum(List.of(value), List.of());
        }
        return value.op() == Op.ADD && leadsToProduct(value)
                ? tree(value)
                : new FusedOp.Sum(List.of(), List.of(alone(value)));
    }

    /**
     * A value that is a run of neighbours of another.
     *
     * @param root the value that has memory of its own
     * @param offset where the run begins in it
     */
    record Alias(Value root, int offset) {
        static Alias of(Value value) {
            Value at = value;
            int offset = 0;
            while (true) {
                switch (at.op()) {
                    case RESHAPE, STOP_GRADIENT, BARRIER -> {}
                    case BROADCAST -> {
                        if (at.shape().size() != at.arg(0).shape().size()) {
                            return new Alias(at, offset);
                        }
                    }
                    case SLICE -> {
                        Attributes.Range range = (Attributes.Range) at.attributes();
                        Shape shape = at.arg(0).shape();
                        int stride = shape.strides()[range.axis()];
                        if (shape.size() != stride * shape.dim(range.axis())) {
                            return new Alias(at, offset);
                        }
                        offset += range.begin() * stride;
                    }
                    default -> {
                        return new Alias(at, offset);
                    }
                }
                at = at.arg(0);
            }
        }
    }
}
