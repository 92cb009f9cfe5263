package dev.kindling.driver.check.reference;

import java.util.Collection;
import java.util.List;

/**
 * Arrays of dual numbers by name, in order. Immutable by convention, like {@link NamedArrays}.
 *
 * @param tangents derivatives of some of the arrays; the others are constant
 */
record NamedDuals(NamedArrays values, NamedArrays tangents) {
    /** Arrays without derivatives. */
    static NamedDuals constant(NamedArrays values) {
        return new NamedDuals(values, NamedArrays.empty());
    }

    List<String> names() {
        return values.names();
    }

    Dual get(String name) {
        return new Dual(values.get(name), tangents.find(name));
    }

    /** These arrays, with the array of one name replaced or added. */
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
