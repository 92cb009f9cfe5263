package dev.kindling.driver.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The durations of a benchmark.
 *
 * @param seconds of one sample, above 0
 * @param repeats number of samples of each case, at least 1
 */
record Timing(double seconds, int repeats) {
    /** Duration of the warm-up, in samples: C2 compiles the kernels of a round within about ten seconds. */
    private static final int WARM_UP = 3;

    Timing {
        if (!(seconds > 0) || repeats < 1) {
            throw new IllegalArgumentException(
                    "--seconds is " + seconds + " and --repeats " + repeats + "; they must be above 0");
        }
    }

    /** The same with shorter samples. */
    Timing shorter(double factor) {
        return new Timing(seconds / factor, repeats);
    }

    /**
     * Samples the cases in turn, so that other load on the machine affects all of them.
     *
     * @return the samples of each figure of each case
     */
    Map<String, double[]> alternate(List<? extends BenchmarkCase> benchmarkCases) {
        benchmarkCases.forEach(one -> one.warmUp(WARM_UP * seconds));
        Map<String, double[]> samples = new LinkedHashMap<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            for (BenchmarkCase benchmarkCase : benchmarkCases) {
                int at = repeat;
                benchmarkCase
                        .sample(seconds)
                        .forEach((figure, value) ->
                                samples.computeIfAbsent(figure, name -> new double[repeats])[at] = value);
            }
        }
        return samples;
    }

    /** Calls repeatedly for the given time; returns the median of each value that the calls return. */
    static double[] medians(double seconds, Supplier<double[]> call) {
        List<double[]> calls = new ArrayList<>();
        long begin = System.nanoTime();
        do {
            calls.add(call.get());
        } while (System.nanoTime() - begin < seconds * 1e9);
        double[] medians = new double[calls.get(0).length];
        for (int i = 0; i < medians.length; i++) {
            int column = i;
            medians[i] = median(calls.stream().mapToDouble(one -> one[column]).toArray());
        }
        return medians;
    }

    /** The median. */
    static double median(double[] numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
    }
}
