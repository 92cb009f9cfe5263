package dev.kindling.driver.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Mean and variance of the query loss over a window of rounds. The losses are those of single rounds, so the variance
 * measures the noise between rounds.
 *
 * @param from the round after which the window begins
 * @param to the last round of the window
 * @param lines number of logged rounds in it
 * @param mean of their query losses
 * @param variance of their query losses, with denominator n - 1; NaN for fewer than two rounds
 */
public record LossWindow(long from, long to, int lines, double mean, double variance) {
    /** Divides a run into windows of equal length; windows without a logged round are left out. */
    public static List<LossWindow> of(MetricsReader metrics, long rounds, int windows) {
        double[] at = metrics.column("round");
        double[] losses = metrics.column("query_loss");
        List<LossWindow> found = new ArrayList<>();
        for (int window = 0; window < windows; window++) {
            long from = rounds * window / windows;
            long to = rounds * (window + 1) / windows;
            double[] inside = new double[at.length];
            int count = 0;
            for (int line = 0; line < at.length; line++) {
                if (at[line] > from && at[line] <= to && Double.isFinite(losses[line])) {
                    inside[count++] = losses[line];
                }
            }
            if (count > 0) {
                found.add(of(from, to, Arrays.copyOf(inside, count)));
            }
        }
        return found;
    }

    private static LossWindow of(long from, long to, double[] losses) {
        double mean = Arrays.stream(losses).average().orElse(Double.NaN);
        double squares =
                Arrays.stream(losses).map(loss -> (loss - mean) * (loss - mean)).sum();
        double variance = losses.length < 2 ? Double.NaN : squares / (losses.length - 1);
        return new LossWindow(from, to, losses.length, mean, variance);
    }
}
