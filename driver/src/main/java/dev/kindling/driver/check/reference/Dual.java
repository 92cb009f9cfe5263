package dev.kindling.driver.check.reference;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * An array of dual numbers: values and, where they are followed along a direction of θ, their derivatives along it. Rules are
 * written in this arithmetic once and serve both with and without derivatives. An array of one number combines with any other.
 *
 * @param tangent empty where the values are constant or nobody asks
 */
record Dual(double[] value, Optional<double[]> tangent) {
    /** Constant numbers. */
    static Dual constant(double... value) {
        return new Dual(value, Optional.empty());
    }

    /** The first number alone. */
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

    /** The square roots; at 0, where a root has no derivative, it is taken as 0. */
    Dual root() {
        return with(Math::sqrt, a -> a == 0 ? 0 : 0.5 / Math.sqrt(a));
    }

    /** The numbers, with 0 in the place of negative ones. */
    Dual positivePart() {
        return with(a -> Math.max(a, 0), a -> a > 0 ? 1 : 0);
    }

    /** A linear function of the numbers. */
    Dual linear(UnaryOperator<double[]> function) {
        return new Dual(function.apply(value), tangent.map(function));
    }

    /** Some of the numbers. */
    Dual part(int from, int size) {
        return linear(numbers -> Arrays.copyOfRange(numbers, from, from + size));
    }

    private Dual with(DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
        double[] values = Arrays.stream(value).map(function).toArray();
        return new Dual(values, tangent.map(moving -> {
            double[] tangents = new double[value.length];
            for (int i = 0; i < tangents.length; i++) {
                tangents[i] = derivative.applyAsDouble(value[i]) * moving[i];
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
        tangent.ifPresent(moving -> add(tangents, moving, other, byThis));
        other.tangent.ifPresent(moving -> add(tangents, moving, other, byOther));
        return new Dual(values, Optional.of(tangents));
    }

    private void add(double[] tangents, double[] moving, Dual other, DoubleBinaryOperator partial) {
        for (int i = 0; i < tangents.length; i++) {
            tangents[i] += partial.applyAsDouble(at(value, i), at(other.value, i)) * at(moving, i);
        }
    }

    private static double at(double[] numbers, int index) {
        return numbers.length == 1 ? numbers[0] : numbers[index];
    }
}
