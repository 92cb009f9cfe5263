package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the residuals that the loops of a program store for each other. A stacked result of a loop is a <em>residual</em>
 * if it is read only as a per-step input of loops that run over the same indices: each of their steps reads one row, which
 * the step could recompute.
 */
final class LoopResiduals {
    private final Program program;
    private final Map<Value, List<Value>> readers = new HashMap<>();
    private final Set<Value> outputs = new HashSet<>();

    LoopResiduals(Program program) {
        this.program = program;
        for (Value value : program.values()) {
            new LinkedHashSet<>(value.args())
                    .forEach(arg -> readers.computeIfAbsent(arg, any -> new ArrayList<>())
                            .add(value));
        }
        program.outputs().forEach(output -> outputs.add(output.value()));
    }

    /** The loops of the program, in order. */
    List<Value> loops() {
        return program.values().stream().filter(value -> value.op() == Op.LOOP).toList();
    }

    /** The results of a loop that any value reads. */
    List<Value> results(Value loopValue) {
        return readers.getOrDefault(loopValue, List.of());
    }

    static boolean stacked(Value result) {
        Attributes.Loop loop = result.arg(0).loop();
        return result.count() >= loop.carries() && result.count() < loop.countResult();
    }

    /** The indices of a loop's results that are residuals. */
    Set<Integer> residuals(Value loopValue) {
        Set<Integer> found = new TreeSet<>();
        for (Value result : results(loopValue)) {
            List<Value> ofResult = readers.getOrDefault(result, List.of());
            if (stacked(result)
                    && !outputs.contains(result)
                    && !ofResult.isEmpty()
                    && ofResult.stream()
                            .allMatch(reader -> readsPerStep(reader, result) && sameIndices(loopValue, reader))) {
                found.add(result.count());
            }
        }
        return found;
    }

    /** The loops that read a loop's residuals. */
    Set<Value> readers(Value loopValue) {
        Set<Integer> residuals = residuals(loopValue);
        Set<Value> found = new LinkedHashSet<>();
        for (Value result : results(loopValue)) {
            if (residuals.contains(result.count())) {
                found.addAll(readers.getOrDefault(result, List.of()));
            }
        }
        return found;
    }

    private static boolean readsPerStep(Value reader, Value stack) {
        if (reader.op() != Op.LOOP) {
            return false;
        }
        Attributes.Loop loop = reader.loop();
        int begin = 1 + loop.carries();
        int end = begin + loop.perStep();
        for (int i = 0; i < reader.args().size(); i++) {
            if (reader.arg(i) == stack && (i < begin || i >= end)) {
                return false;
            }
        }
        return true;
    }

    /** Whether two loops of equal capacity run over the same indices. */
    private static boolean sameIndices(Value loopValue, Value reader) {
        Value count = loopValue.loop().stops() ? null : count(loopValue);
        Value other = count(reader);
        if (count == null) {
            return other.op() == Op.LOOP_RESULT
                    && other.arg(0) == loopValue
                    && other.count() == loopValue.loop().countResult();
        }
        return count == other || (count.constant() && other.constant() && count.number() == other.number());
    }

    /**
     * The value that determines how many steps a loop runs. If that is the number of steps that another loop ran, and that
     * loop has no stop predicate, it is the other loop's own count.
     */
    static Value count(Value loopValue) {
        int capacity = loopValue.loop().capacity();
        Value count = loopValue.arg(0);
        while (count.op() == Op.LOOP_RESULT
                && count.count() == count.arg(0).loop().countResult()
                && !count.arg(0).loop().stops()
                && count.arg(0).loop().capacity() == capacity) {
            count = count.arg(0).arg(0);
        }
        return count;
    }

    /** Number of elements in the stacks that loops of a program, nested ones included, store for other loops. */
    static long storedElements(Program program) {
        LoopResiduals residuals = new LoopResiduals(program);
        long elements = 0;
        for (Value loopValue : residuals.loops()) {
            elements += storedElements(loopValue.loop().step());
            for (Value result : residuals.results(loopValue)) {
                boolean read = residuals.readers.getOrDefault(result, List.of()).stream()
                        .anyMatch(reader -> reader.op() == Op.LOOP);
                elements += stacked(result) && read ? result.shape().size() : 0;
            }
        }
        return elements;
    }
}
