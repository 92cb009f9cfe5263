package dev.kindling.driver.check.reference;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * An array of dual numbers: values and, optionally, their derivatives along a direction of θ. Update rules are written once in
 * this arithmetic and evaluated with or without derivatives. An array of length 1 broadcasts.
 *
 * @param tangent derivatives of the values; empty if they are constant or not needed
 */
record Dual(double[] value, Optional<double[]> tangent) {
    /** Constant values. */
    static Dual constant(double... value) {
        return new Dual(value, Optional.empty());
    }

    /** The first value. */
    double first() {
        return value[0];
    }

    Dual plus(Dual other) {
        return with(other, (a, b) -> a + b, (a, b) -> 1, (a, b) -> 1);
    }

    Dual minus(Dual other) {
        return with(other, (a, b) -> a - b, (a, b) -> 1, (a, b) -> -1);
    }

    Dual times(Dual other) {
        return with(other, (a, b) -> a * b, (a, b) -> b, (a, b) -> a);
    }

    Dual over(Dual other) {
        return with(other, (a, b) -> a / b, (a, b) -> 1 / b, (a, b) -> -a / (b * b));
    }

    Dual plus(double number) {
        return plus(constant(number));
    }

    Dual times(double factor) {
        return times(constant(factor));
    }

    /** The square roots; the derivative at 0, where it does not exist, is taken as 0. */
    Dual root() {
        return with(Math::sqrt, a -> a == 0 ? 0 : 0.5 / Math.sqrt(a));
    }

    /** The values, with 0 in place of negative ones. */
    Dual positivePart() {
        return with(a -> Math.max(a, 0), a -> a > 0 ? 1 : 0);
    }

    /** A linear function of the values. */
    Dual linear(UnaryOperator<double[]> function) {
        return new Dual(function.apply(value), tangent.map(function));
    }

    /** A contiguous part of the values. */
    Dual part(int from, int size) {
        return linear(numbers -> Arrays.copyOfRange(numbers, from, from + size));
    }

    private Dual with(DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
        double[] values = Arrays.stream(value).map(function).toArray();
        return new Dual(values, tangent.map(derivatives -> {
            double[] tangents = new double[value.length];
            for (int i = 0; i < tangents.length; i++) {
                tangents[i] = derivative.applyAsDouble(value[i]) * derivatives[i];
            }
            return tangents;
        }));
    }

    private Dual with(
            Dual other, DoubleBinaryOperator function, DoubleBinaryOperator byThis, DoubleBinaryOperator byOther) {
        double[] values = new double[Math.max(value.length, other.value.length)];
        for (int i = 0; i < values.length; i++) {
            values[i] = function.applyAsDouble(at(value, i), at(other.value, i));
        }
        if (tangent.isEmpty() && other.tangent.isEmpty()) {
            return constant(values);
        }
        double[] tangents = new double[values.length];
        tangent.ifPresent(derivatives -> add(tangents, derivatives, other, byThis));
        other.tangent.ifPresent(derivatives -> add(tangents, derivatives, other, byOther));
        return new Dual(values, Optional.of(tangents));
    }

    private void add(double[] tangents, double[] derivatives, Dual other, DoubleBinaryOperator partial) {
        for (int i = 0; i < tangents.length; i++) {
            tangents[i] += partial.applyAsDouble(at(value, i), at(other.value, i)) * at(derivatives, i);
        }
    }

    private static double at(double[] numbers, int index) {
        return numbers.length == 1 ? numbers[0] : numbers[index];
    }
}
