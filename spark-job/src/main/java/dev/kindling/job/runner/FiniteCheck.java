package dev.kindling.job.runner;

import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/** Checks that outputs are finite, and names the first that is not. */
final class FiniteCheck {
    private FiniteCheck() {}

    static boolean all(FlatVector vector) {
        return vector instanceof FlatVector.OfFloat floats
                ? all(floats.array())
                : all(((FlatVector.OfDouble) vector).array());
    }

    /** x·0 is 0 for a finite x and NaN for any other; four sums, so that no addition waits for the one before it. */
    private static boolean all(float[] numbers) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 4 <= numbers.length; i += 4) {
            a += numbers[i] * 0;
            b += numbers[i + 1] * 0;
            c += numbers[i + 2] * 0;
            d += numbers[i + 3] * 0;
        }
        for (; i < numbers.length; i++) {
            a += numbers[i] * 0;
        }
        return a + b + c + d == 0;
    }

    /** As for floats. */
    static boolean all(double[] numbers) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 4 <= numbers.length; i += 4) {
            a += numbers[i] * 0;
            b += numbers[i + 1] * 0;
            c += numbers[i + 2] * 0;
            d += numbers[i + 3] * 0;
        }
        for (; i < numbers.length; i++) {
            a += numbers[i] * 0;
        }
        return a + b + c + d == 0;
    }

    /**
     * Names the first output of one task that is not finite, in one clause; empty if all are finite.
     *
     * @param begin offset of the sums of the task's member
     */
    static Optional<String> describe(ProgramVariants program, FlatVector sums, int begin, double[] perTask) {
        Optional<String> ofTask = first(program.perTask(), i -> perTask[i]).map(where -> where.name() + where.is());
        return ofTask.isPresent()
                ? ofTask
                : first(program.sums(), i -> sums.at(begin + i))
                        .map(where -> "meta-gradient of " + where.name() + " is not finite");
    }

    /** A non-finite element of a named array. */
    private record Element(String array, boolean scalar, int index, double number) {
        String name() {
            return array;
        }

        String is() {
            return (scalar ? "" : "[" + index + "]") + " is " + number;
        }
    }

    private static Optional<Element> first(Layout layout, IntToDoubleFunction numbers) {
        for (Layout.Entry entry : layout.entries()) {
            int size = entry.shape().size();
            for (int i = 0; i < size; i++) {
                double number = numbers.applyAsDouble(entry.offset() + i);
                if (!Double.isFinite(number)) {
                    return Optional.of(new Element(entry.name(), entry.shape().rank() == 0, i, number));
                }
            }
        }
        return Optional.empty();
    }
}
