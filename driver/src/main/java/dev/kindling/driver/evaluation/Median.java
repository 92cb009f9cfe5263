package dev.kindling.driver.evaluation;

import java.util.Arrays;

/** The middle of numbers. */
final class Median {
    private Median() {}

    /** The middle number, or the mean of the two in the middle; at least one number. One that is no number is infinite. */
    static double of(double[] numbers) {
        double[] sorted = Arrays.stream(numbers)
                .map(number -> Double.isNaN(number) ? Double.POSITIVE_INFINITY : number)
                .sorted()
                .toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
