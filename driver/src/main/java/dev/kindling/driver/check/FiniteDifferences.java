package dev.kindling.driver.check;

import dev.kindling.job.random.Stream;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How far a gradient is from the central differences of a function, array by array.
 *
 * <p>For each array the function is followed along the gradient's own direction and along random ones; a missing or a
 * foreign component shows in the random ones. A network of rectifiers has kinks, and a difference across one is worth
 * nothing, so each direction is tried with several steps and the best agreement counts: a wrong gradient agrees at none.
 */
final class FiniteDifferences {
    /** A gradient with a smaller error than this is the function's gradient. */
    static final double TOLERANCE = 1e-5;

    private static final double[] STEPS = {1e-3, 1e-4, 1e-5, 1e-6, 1e-7};
    private static final int RANDOM_DIRECTIONS = 3;

    private final ToDoubleFunction<Storage> function;
    private final List<Layout.Entry> arrays;
    private final long seed;

    /**
     * Differences of a function of a vector.
     *
     * @param arrays parts of the vector, each tried for itself
     * @param seed of the random directions
     */
    FiniteDifferences(ToDoubleFunction<Storage> function, List<Layout.Entry> arrays, long seed) {
        this.function = function;
        this.arrays = arrays;
        this.seed = seed;
    }

    /** The relative error of a gradient at a point, for each array by name. */
    Map<String, Double> errors(Storage point, Storage gradient) {
        Map<String, Double> errors = new LinkedHashMap<>();
        double floor = 1e-3 * norm(gradient, 0, gradient.size()) / Math.sqrt(gradient.size());
        for (Layout.Entry entry : arrays) {
            errors.put(entry.name(), error(entry, point, gradient, floor));
        }
        return errors;
    }

    private double error(Layout.Entry entry, Storage point, Storage gradient, double floor) {
        int size = entry.shape().size();
        double norm = norm(gradient, entry.offset(), size);
        // Along a random direction of length 1 a derivative of norm/√size is to be expected.
        double least = Math.max(Math.max(floor, norm / Math.sqrt(size)), Double.MIN_NORMAL);
        double worst = 0;
        if (norm > 0) {
            worst = along(entry, part(gradient, entry), point, gradient, least);
        }
        Stream random = Stream.of(seed, entry.offset());
        for (int i = 0; i < RANDOM_DIRECTIONS; i++) {
            worst = Math.max(worst, along(entry, normal(random, size), point, gradient, least));
        }
        return worst;
    }

    private double along(Layout.Entry entry, double[] direction, Storage point, Storage gradient, double least) {
        double length = Math.sqrt(dot(direction, direction));
        for (int i = 0; i < direction.length; i++) {
            direction[i] /= length;
        }
        double claimed = dot(direction, part(gradient, entry));
        double best = Double.POSITIVE_INFINITY;
        for (double step : STEPS) {
            double measured =
                    (moved(entry, direction, point, step) - moved(entry, direction, point, -step)) / (2 * step);
            double scale = Math.max(least, Math.max(Math.abs(measured), Math.abs(claimed)));
            double error = Math.abs(measured - claimed) / scale;
            best = error < best ? error : best;
        }
        return best;
    }

    private double moved(Layout.Entry entry, double[] direction, Storage point, double step) {
        Storage moved = point.copy();
        for (int i = 0; i < direction.length; i++) {
            int at = entry.offset() + i;
            moved.set(at, moved.at(at) + step * direction[i]);
        }
        return function.applyAsDouble(moved);
    }

    private static double[] normal(Stream random, int size) {
        double[] direction = new double[size];
        for (int i = 0; i < size; i++) {
            direction[i] = random.nextNormal();
        }
        return direction;
    }

    private static double[] part(Storage vector, Layout.Entry entry) {
        double[] part = new double[entry.shape().size()];
        for (int i = 0; i < part.length; i++) {
            part[i] = vector.at(entry.offset() + i);
        }
        return part;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double norm(Storage vector, int offset, int size) {
        double squares = 0;
        for (int i = offset; i < offset + size; i++) {
            squares += vector.at(i) * vector.at(i);
        }
        return Math.sqrt(squares);
    }
}
