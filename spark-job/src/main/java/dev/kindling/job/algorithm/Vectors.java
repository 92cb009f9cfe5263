package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Linear algebra on maps of named values that are treated as one vector. */
final class Vectors {
    private Vectors() {}

    /** a + factor · other, where the factor is a scalar or an array. */
    static Map<String, Value> add(ProgramBuilder b, Map<String, Value> a, Value factor, Map<String, Value> other) {
        Map<String, Value> sum = new LinkedHashMap<>();
        a.forEach((name, value) -> sum.put(name, b.add(value, b.mul(factor, NamedValues.value(other, name)))));
        return sum;
    }

    /** a - other. */
    static Map<String, Value> sub(ProgramBuilder b, Map<String, Value> a, Map<String, Value> other) {
        Map<String, Value> difference = new LinkedHashMap<>();
        a.forEach((name, value) -> difference.put(name, b.sub(value, NamedValues.value(other, name))));
        return difference;
    }

    static Map<String, Value> scale(ProgramBuilder b, Value factor, Map<String, Value> a) {
        Map<String, Value> scaled = new LinkedHashMap<>();
        a.forEach((name, value) -> scaled.put(name, b.mul(factor, value)));
        return scaled;
    }

    /** {@code a} if the condition, a scalar, is not 0, otherwise {@code other}. */
    static Map<String, Value> select(
            ProgramBuilder b, Value condition, Map<String, Value> a, Map<String, Value> other) {
        Map<String, Value> selected = new LinkedHashMap<>();
        a.forEach((name, value) -> selected.put(name, b.select(condition, value, NamedValues.value(other, name))));
        return selected;
    }

    static Map<String, Value> zeros(ProgramBuilder b, Map<String, Value> like) {
        Map<String, Value> zeros = new LinkedHashMap<>();
        like.forEach((name, value) -> zeros.put(name, b.full(value.shape(), 0)));
        return zeros;
    }

    /** The inner product Σ a·other, a scalar. */
    static Value dot(ProgramBuilder b, Map<String, Value> a, Map<String, Value> other) {
        List<Value> parts = a.keySet().stream()
                .map(name -> b.sumAll(b.mul(NamedValues.value(a, name), NamedValues.value(other, name))))
                .toList();
        return parts.stream().reduce(b::add).orElseThrow();
    }
}
