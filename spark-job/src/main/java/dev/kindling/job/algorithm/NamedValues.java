package dev.kindling.job.algorithm;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Operations on ordered maps from array names to values. */
final class NamedValues {
    private NamedValues() {}

    /** Declares an input for each array of a layout. */
    static Map<String, Value> declare(ProgramBuilder b, Layout layout, Program.Scope scope) {
        Map<String, Value> values = new LinkedHashMap<>();
        layout.entries().forEach(entry -> values.put(entry.name(), b.input(entry.name(), entry.shape(), scope)));
        return values;
    }

    /** Declares inputs of a loop body for the given values. */
    static Map<String, Value> declareAs(ProgramBuilder b, Map<String, Value> values) {
        Map<String, Value> declared = new LinkedHashMap<>();
        values.forEach((name, value) -> declared.put(name, b.input(name, value.shape(), Program.Scope.LOOP)));
        return declared;
    }

    /** The named value; IllegalStateException if there is none. */
    static Value value(Map<String, Value> values, String name) {
        Value value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("there is no value " + name + "; there are " + values.keySet());
        }
        return value;
    }

    /** The named values, in the order of the names. */
    static List<Value> values(Map<String, Value> values, Iterable<String> names) {
        List<Value> found = new ArrayList<>();
        names.forEach(name -> found.add(value(values, name)));
        return found;
    }

    /** The entries of the given names, in their order. */
    static Map<String, Value> only(Map<String, Value> values, Iterable<String> names) {
        Map<String, Value> found = new LinkedHashMap<>();
        names.forEach(name -> found.put(name, value(values, name)));
        return found;
    }

    /** The map from names to values, in order. */
    static Map<String, Value> of(Iterable<String> names, List<Value> values) {
        Map<String, Value> named = new LinkedHashMap<>();
        names.forEach(name -> named.put(name, values.get(named.size())));
        return named;
    }

    /** One output for each value. */
    static List<Program.Output> outputs(Map<String, Value> values, Program.Reduction reduction) {
        List<Program.Output> outputs = new ArrayList<>();
        values.forEach((name, value) -> outputs.add(new Program.Output(name, reduction, value)));
        return outputs;
    }
}
