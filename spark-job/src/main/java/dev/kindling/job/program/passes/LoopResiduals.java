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
 * What the repeats of a program keep for each other. A stacked result of one is <em>passed on</em> if it is read only as a
 * per-step input of repeats that run over the same places: each of their steps needs one row, which the step could compute
 * by itself.
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

    List<Value> repeats() {
        return program.values().stream().filter(value -> value.op() == Op.LOOP).toList();
    }

    /** The results of a repeat that anything reads. */
    List<Value> results(Value repeat) {
        return readers.getOrDefault(repeat, List.of());
    }

    static boolean stacked(Value result) {
        Attributes.Loop loop = result.arg(0).loop();
        return result.count() >= loop.carries() && result.count() < loop.countResult();
    }

    /** The indices of the results that a repeat passes on. */
    Set<Integer> passedOn(Value repeat) {
        Set<Integer> found = new TreeSet<>();
        for (Value result : results(repeat)) {
            List<Value> reading = readers.getOrDefault(result, List.of());
            if (stacked(result)
                    && !outputs.contains(result)
                    && !reading.isEmpty()
                    && reading.stream().allMatch(reader -> readsRows(reader, result) && samePlaces(repeat, reader))) {
                found.add(result.count());
            }
        }
        return found;
    }

    /** The repeats that read what a repeat passes on. */
    Set<Value> readers(Value repeat) {
        Set<Integer> passedOn = passedOn(repeat);
        Set<Value> found = new LinkedHashSet<>();
        for (Value result : results(repeat)) {
            if (passedOn.contains(result.count())) {
                found.addAll(readers.getOrDefault(result, List.of()));
            }
        }
        return found;
    }

    private static boolean readsRows(Value reader, Value stack) {
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

    /** Whether two repeats of one capacity run over the same places. */
    private static boolean samePlaces(Value repeat, Value reader) {
        Value of = repeat.loop().stops() ? null : count(repeat);
        Value other = count(reader);
        if (of == null) {
            return other.op() == Op.LOOP_RESULT
                    && other.arg(0) == repeat
                    && other.count() == repeat.loop().countResult();
        }
        return of == other || (of.constant() && other.constant() && of.number() == other.number());
    }

    /** What says how often a repeat runs: of a count of steps done by one that does not stop, what was asked of that. */
    static Value count(Value repeat) {
        int capacity = repeat.loop().capacity();
        Value count = repeat.arg(0);
        while (count.op() == Op.LOOP_RESULT
                && count.count() == count.arg(0).loop().countResult()
                && !count.arg(0).loop().stops()
                && count.arg(0).loop().capacity() == capacity) {
            count = count.arg(0).arg(0);
        }
        return count;
    }

    /** Numbers in the stacks that repeats of a program, and of their steps, keep for other repeats. */
    static long numbers(Program program) {
        LoopResiduals residuals = new LoopResiduals(program);
        long numbers = 0;
        for (Value repeat : residuals.repeats()) {
            numbers += numbers(repeat.loop().step());
            for (Value result : residuals.results(repeat)) {
                boolean read = residuals.readers.getOrDefault(result, List.of()).stream()
                        .anyMatch(reader -> reader.op() == Op.LOOP);
                numbers += stacked(result) && read ? result.shape().size() : 0;
            }
        }
        return numbers;
    }
}
