package dev.kindling.driver.check.reference;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Arrays of doubles by name, in order: parameters, a gradient, moments. Immutable by convention: the arrays are never written to. */
public final class NamedArrays {
    private final Map<String, double[]> arrays;

    private NamedArrays(Map<String, double[]> arrays) {
        this.arrays = arrays;
    }

    /** No arrays. */
    public static NamedArrays empty() {
        return new NamedArrays(new LinkedHashMap<>());
    }

    /** The arrays of a flat vector. */
    public static NamedArrays of(Layout layout, FlatVector vector) {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        for (Layout.Entry entry : layout.entries()) {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = vector.at(entry.offset() + i);
            }
            arrays.put(entry.name(), array);
        }
        return new NamedArrays(arrays);
    }

    /** Zeros in the shapes of a layout. */
    public static NamedArrays zeros(Layout layout) {
        return of(layout, FlatVector.zeros(Precision.DOUBLE, layout.size()));
    }

    /** The arrays as a flat vector of the given layout; all its names must be present. */
    public FlatVector flat(Layout layout) {
        FlatVector vector = FlatVector.zeros(Precision.DOUBLE, layout.size());
        for (Layout.Entry entry : layout.entries()) {
            double[] array = get(entry.name());
            for (int i = 0; i < array.length; i++) {
                vector.set(entry.offset() + i, array[i]);
            }
        }
        return vector;
    }

    /** The names in order. */
    public List<String> names() {
        return List.copyOf(arrays.keySet());
    }

    /** Whether there is an array of the name. */
    public boolean has(String name) {
        return arrays.containsKey(name);
    }

    /** The array of the name; IllegalStateException if there is none. */
    public double[] get(String name) {
        double[] array = arrays.get(name);
        if (array == null) {
            throw new IllegalStateException("there is no array " + name + "; there are " + arrays.keySet());
        }
        return array;
    }

    /** The array of the name, if there is one. */
    Optional<double[]> find(String name) {
        return Optional.ofNullable(arrays.get(name));
    }

    /** These arrays, with the array of one name replaced or added. */
    public NamedArrays with(String name, double... array) {
        Map<String, double[]> changed = new LinkedHashMap<>(arrays);
        changed.put(name, array);
        return new NamedArrays(changed);
    }

    /** These arrays, with those of the other replaced or added. */
    public NamedArrays with(NamedArrays other) {
        Map<String, double[]> changed = new LinkedHashMap<>(arrays);
        changed.putAll(other.arrays);
        return new NamedArrays(changed);
    }

    /** The arrays of the given names, in their order. */
    public NamedArrays only(Collection<String> names) {
        Map<String, double[]> chosen = new LinkedHashMap<>();
        names.forEach(name -> chosen.put(name, get(name)));
        return new NamedArrays(chosen);
    }

    /** These arrays under other names. */
    public NamedArrays renamed(UnaryOperator<String> naming) {
        Map<String, double[]> renamed = new LinkedHashMap<>();
        arrays.forEach((name, array) -> renamed.put(naming.apply(name), array));
        return new NamedArrays(renamed);
    }

    /** These arrays plus a multiple of the other's arrays of the same names. */
    public NamedArrays plus(double factor, NamedArrays other) {
        Map<String, double[]> sums = new LinkedHashMap<>();
        arrays.forEach((name, array) -> sums.put(name, plus(array, factor, other.get(name))));
        return new NamedArrays(sums);
    }

    /** All values times a factor. */
    public NamedArrays times(double factor) {
        Map<String, double[]> products = new LinkedHashMap<>();
        arrays.forEach((name, array) -> {
            double[] product = array.clone();
            for (int i = 0; i < product.length; i++) {
                product[i] *= factor;
            }
            products.put(name, product);
        });
        return new NamedArrays(products);
    }

    private static double[] plus(double[] a, double factor, double[] b) {
        double[] sum = new double[a.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = a[i] + factor * b[i];
        }
        return sum;
    }

    /** The Euclidean norm of all arrays as one vector. */
    public double norm() {
        List<Double> squares = new ArrayList<>();
        arrays.values().forEach(array -> squares.add(squares(array)));
        return Math.sqrt(squares.stream().mapToDouble(Double::doubleValue).sum());
    }

    private static double squares(double[] array) {
        double sum = 0;
        for (double number : array) {
            sum += number * number;
        }
        return sum;
    }
}
