package dev.kindling.driver.check.reference;

import java.util.Collection;
import java.util.List;

/**
 * Arrays of dual numbers by name, in order. Immutable as {@link NamedArrays} is.
 *
 * @param tangents of those arrays that are followed along a direction; the others are constant
 */
record NamedDuals(NamedArrays values, NamedArrays tangents) {
    /** Arrays that are followed nowhere. */
    static NamedDuals constant(NamedArrays values) {
        return new NamedDuals(values, NamedArrays.empty());
    }

    List<String> names() {
        return values.names();
    }

    Dual get(String name) {
        return new Dual(values.get(name), tangents.find(name));
    }

    /** These arrays, with another or a new one under the name. */
    NamedDuals with(String name, Dual array) {
        NamedArrays others = tangents.only(
                tangents.names().stream().filter(other -> !other.equals(name)).toList());
        return new NamedDuals(
                values.with(name, array.value()),
                array.tangent().map(tangent -> others.with(name, tangent)).orElse(others));
    }

    /** The arrays of the given names, in their order. */
    NamedDuals only(Collection<String> names) {
        return new NamedDuals(
                values.only(names),
                tangents.only(names.stream().filter(tangents::has).toList()));
    }
}
