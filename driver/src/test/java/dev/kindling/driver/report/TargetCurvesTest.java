package dev.kindling.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TargetCurvesTest {
    /** For A ~ U[0.1, 5] and phases over half a period the mean of sinusoids is -(2·2.55/π) cos x. */
    @Test
    void theMeanOfManySinusoidsIsTheKnownCurve() {
        double[] x = IntStream.range(0, 50).mapToDouble(i -> -5 + i * 10 / 49.0).toArray();
        int tasks = 4000;
        List<double[]> targets = IntStream.range(0, tasks)
                .mapToObj(task -> {
                    double phase = Math.PI * (task + 0.5) / tasks;
                    return Arrays.stream(x)
                            .map(at -> 2.55 * Math.sin(at - phase))
                            .toArray();
                })
                .toList();
        double[] mean = new CurveFitFigures.TargetCurves(x, targets).mean();
        for (int i = 0; i < x.length; i++) {
            assertThat(mean[i]).isEqualTo(-(2 * 2.55 / Math.PI) * Math.cos(x[i]), within(1e-4));
        }
    }
}
