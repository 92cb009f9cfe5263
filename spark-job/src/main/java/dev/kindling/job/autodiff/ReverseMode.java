package dev.kindling.job.autodiff;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One reverse sweep from results to arguments. A value's cotangent is the derivative of the weighted sum of the outputs
 * with respect to it; a missing cotangent means zero, so that nothing is computed for values without influence.
 */
final class ReverseMode {
    private final ProgramBuilder b;
    private final Set<Value> variables;
    private final Set<Value> active;
    private final Map<Value, Value> cotangents = new HashMap<>();

    private ReverseMode(ProgramBuilder b, Set<Value> variables, Set<Value> active) {
        this.b = b;
        this.variables = variables;
        this.active = active;
    }

    /**
     * The vector-Jacobian product of the outputs: the cotangents of {@code wrt}, each treated as an independent variable even
     * if it is computed from another; null if no output depends on it differentiably.
     */
    static List<@Nullable Value> vjp(ProgramBuilder b, List<Value> outputs, List<Value> cotangents, List<Value> wrt) {
        List<Value> order = TopologicalOrder.of(outputs);
        ReverseMode sweep = new ReverseMode(b, Set.copyOf(wrt), dependents(order, wrt));
        for (int i = 0; i < outputs.size(); i++) {
            sweep.add(outputs.get(i), cotangents.get(i));
        }
        // Ids grow from arguments to results, so this visits every value after all its uses.
        for (int i = order.size() - 1; i >= 0; i--) {
            sweep.visit(order.get(i));
        }
        List<@Nullable Value> found = new ArrayList<>();
        wrt.forEach(value -> found.add(sweep.cotangents.get(value)));
        return found;
    }

    /** The values of {@code order} whose derivative with respect to one of the seeds can differ from zero. */
    static Set<Value> dependents(List<Value> order, List<Value> seeds) {
        Set<Value> dependent = new HashSet<>(seeds);
        for (Value value : order) {
            if (VjpRules.differentiable(value.op()) && value.args().stream().anyMatch(dependent::contains)) {
                dependent.add(value);
            }
        }
        return dependent;
    }

    private void visit(Value value) {
        if (value.op() == Op.LOOP) {
            visitLoop(value);
            return;
        }
        Value cotangent = cotangents.get(value);
        // The cotangent of a LOOP_RESULT is read by its LOOP, which is visited later.
        if (cotangent == null
                || variables.contains(value)
                || !active.contains(value)
                || !VjpRules.differentiable(value.op())
                || value.op() == Op.LOOP_RESULT
                || value.args().stream().noneMatch(active::contains)) {
            return;
        }
        addToArgs(value, VjpRules.of(value.op()).cotangents(b, value, cotangent));
    }

    private void visitLoop(Value loopValue) {
        if (!active.contains(loopValue)) {
            return;
        }
        List<@Nullable Value> results = new ArrayList<>();
        for (Value result : b.results(loopValue)) {
            results.add(active.contains(result) ? cotangents.get(result) : null);
        }
        if (results.stream().anyMatch(result -> result != null)) {
            addToArgs(loopValue, LoopVjp.cotangents(b, loopValue, results, active));
        }
    }

    private void addToArgs(Value value, List<@Nullable Value> ofArgs) {
        for (int i = 0; i < ofArgs.size(); i++) {
            Value cotangent = ofArgs.get(i);
            if (cotangent != null && active.contains(value.arg(i))) {
                add(value.arg(i), cotangent);
            }
        }
    }

    private void add(Value value, Value cotangent) {
        Value before = cotangents.get(value);
        cotangents.put(value, before == null ? cotangent : b.add(before, cotangent));
    }
}
