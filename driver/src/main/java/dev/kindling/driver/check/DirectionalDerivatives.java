package dev.kindling.driver.check;

import dev.kindling.driver.check.reference.Reference;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Compares a gradient with numerical directional derivatives of a function, part by part.
 *
 * <p>Each part is differentiated along the gradient's own direction, which detects a wrong length, and along a random
 * direction, which detects missing or spurious components. A derivative is a central difference of sixth order. Its
 * uncertainty is the distance to the difference of fourth order plus the effect of rounding of the function's values. The
 * function must be smooth, since a difference across a kink is meaningless: that of a piecewise smooth function is
 * {@link Reference#smoothObjective the piece}, continued. A part for which rounding leaves no estimate is
 * {@link ArrayError#inconclusive}, not wrong.
 */
final class DirectionalDerivatives {
    /** The error below which a gradient is accepted. */
    static final double TOLERANCE = 1e-6;

    private static final double[] STEPS = {1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-2};
    /** Coefficients of the difference of sixth order: (45 (f₁ - f₋₁) - 9 (f₂ - f₋₂) + (f₃ - f₋₃)) / 60 h. */
    private static final double[] SIXTH = {45.0 / 60, -9.0 / 60, 1.0 / 60};
    /** Coefficients of the difference of fourth order. */
    private static final double[] FOURTH = {8.0 / 12, -1.0 / 12, 0};
    /** Assumed rounding error of a value of the function, in ulps. */
    private static final double ROUNDING_ULPS = 50;
    /** Relative uncertainty below which no other step is tried. */
    private static final double SUFFICIENT = 1e-9;

    private static final int RANDOM_DIRECTIONS = 8;

    private final ToDoubleFunction<FlatVector> function;
    private final List<Part> parts;
    private final long seed;
    private final double floor;

    /**
     * Arrays of the vector that are perturbed together.
     *
     * @param name for messages
     */
    record Part(String name, List<Layout.Entry> arrays) {
        static Part of(Layout.Entry array) {
            return new Part(array.name(), List.of(array));
        }

        private int size() {
            return arrays.stream().mapToInt(array -> array.shape().size()).sum();
        }

        private double[] of(FlatVector vector) {
            double[] numbers = new double[size()];
            int next = 0;
            for (Layout.Entry array : arrays) {
                for (int i = 0; i < array.shape().size(); i++) {
                    numbers[next++] = vector.at(array.offset() + i);
                }
            }
            return numbers;
        }

        private FlatVector moved(FlatVector point, double[] direction, double step) {
            FlatVector moved = point.copy();
            int next = 0;
            for (Layout.Entry array : arrays) {
                for (int i = 0; i < array.shape().size(); i++) {
                    int at = array.offset() + i;
                    moved.set(at, moved.at(at) + step * direction[next++]);
                }
            }
            return moved;
        }
    }

    /** A directional derivative and its uncertainty. */
    private record Estimate(double derivative, double uncertainty) {}

    /**
     * Derivatives of a function of a vector.
     *
     * @param parts of the vector, each compared separately
     * @param seed of the random directions
     */
    DirectionalDerivatives(ToDoubleFunction<FlatVector> function, List<Part> parts, long seed) {
        this(function, parts, seed, 0);
    }

    /**
     * Derivatives of a function of a vector.
     *
     * @param floor errors are relative to at least this fraction of the gradient's norm
     */
    DirectionalDerivatives(ToDoubleFunction<FlatVector> function, List<Part> parts, long seed, double floor) {
        this.floor = floor;
        this.function = function;
        this.parts = parts;
        this.seed = seed;
    }

    /** The relative error of a gradient at a point, by name of the part. */
    Map<String, ArrayError> errors(FlatVector point, FlatVector gradient) {
        Map<String, ArrayError> errors = new LinkedHashMap<>();
        double center = function.applyAsDouble(point);
        double least = Math.max(floor, 1e-3 / Math.sqrt(gradient.size())) * norm(gradient);
        for (Part part : parts) {
            errors.put(part.name(), error(part, point, center, gradient, least));
        }
        return errors;
    }

    private ArrayError error(Part part, FlatVector point, double center, FlatVector gradient, double shortest) {
        int size = part.size();
        double[] partGradient = part.of(gradient);
        double norm = Math.sqrt(dot(partGradient, partGradient));
        // The expected derivative along a random direction of length 1 is norm/√size.
        double least = Math.max(Math.max(shortest, norm / Math.sqrt(size)), Double.MIN_NORMAL);
        Optional<Double> alongGradient =
                norm > 0 ? along(part, partGradient.clone(), point, center, partGradient, least) : Optional.empty();
        RandomStream random = RandomStream.of(seed, part.arrays().get(0).offset());
        Optional<Double> alongRandom = Optional.empty();
        for (int i = 0; i < RANDOM_DIRECTIONS && alongRandom.isEmpty(); i++) {
            alongRandom = along(part, normal(random, size), point, center, partGradient, least);
        }
        if (alongRandom.isEmpty()
                && alongGradient.map(error -> error < TOLERANCE).orElse(true)) {
            return ArrayError.inconclusive("along " + RANDOM_DIRECTIONS + " random directions of " + part.name()
                    + ", the rounding of the loss, which is " + center + ", hides its derivative");
        }
        return ArrayError.of(Math.max(alongGradient.orElse(0.0), alongRandom.orElse(0.0)));
    }

    /** The relative error along a direction; empty if no estimate is more certain than an error would be. */
    private Optional<Double> along(
            Part part, double[] direction, FlatVector point, double center, double[] gradient, double least) {
        double length = Math.sqrt(dot(direction, direction));
        for (int i = 0; i < direction.length; i++) {
            direction[i] /= length;
        }
        double claimed = dot(direction, gradient);
        Estimate best = null;
        for (double step : STEPS) {
            Estimate estimate = estimate(part, direction, point, center, step);
            if (best == null || estimate.uncertainty() < best.uncertainty()) {
                best = estimate;
            }
            if (best.uncertainty() < SUFFICIENT * scale(best, claimed, least)) {
                break;
            }
        }
        if (best == null || !Double.isFinite(best.derivative())) {
            return Optional.empty();
        }
        double scale = scale(best, claimed, least);
        double error = Math.abs(best.derivative() - claimed);
        // Here an error of the gradient cannot be distinguished from rounding.
        boolean inconclusive = !(best.uncertainty() < TOLERANCE * scale) && error < 100 * best.uncertainty();
        return inconclusive ? Optional.empty() : Optional.of(error / scale);
    }

    private static double scale(Estimate estimate, double claimed, double least) {
        return Math.max(least, Math.max(Math.abs(estimate.derivative()), Math.abs(claimed)));
    }

    private Estimate estimate(Part part, double[] direction, FlatVector point, double center, double step) {
        double sixth = 0;
        double fourth = 0;
        double largest = Math.abs(center);
        for (int i = SIXTH.length - 1; i >= 0; i--) {
            double forward = function.applyAsDouble(part.moved(point, direction, (i + 1) * step));
            double backward = function.applyAsDouble(part.moved(point, direction, -(i + 1) * step));
            double difference = (forward - backward) / step;
            sixth += SIXTH[i] * difference;
            fourth += FOURTH[i] * difference;
            largest = Math.max(largest, Math.max(Math.abs(forward), Math.abs(backward)));
        }
        double rounding = ROUNDING_ULPS * Math.ulp(largest) / step;
        return new Estimate(
                sixth, Double.isFinite(sixth) ? Math.abs(sixth - fourth) + rounding : Double.POSITIVE_INFINITY);
    }

    private static double[] normal(RandomStream random, int size) {
        double[] direction = new double[size];
        for (int i = 0; i < size; i++) {
            direction[i] = random.nextNormal();
        }
        return direction;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double norm(FlatVector vector) {
        double squares = 0;
        for (int i = 0; i < vector.size(); i++) {
            squares += vector.at(i) * vector.at(i);
        }
        return Math.sqrt(squares);
    }
}
