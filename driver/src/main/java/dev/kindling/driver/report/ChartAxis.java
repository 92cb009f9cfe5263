package dev.kindling.driver.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Maps a range of values to a range of pixels, on a linear or a logarithmic scale. */
final class ChartAxis {
    /** The scale of an axis. */
    enum Scale {
        LINEAR,
        /** Logarithmic; values that are not above 0 are drawn at the lower end. */
        LOGARITHMIC
    }

    private static final int TICKS = 6;
    /** Ratio of the largest to the smallest value above which a logarithmic scale is used. */
    private static final double LOGARITHMIC_RATIO = 12;

    private final Scale scale;
    private final double low;
    private final double high;
    private final double from;
    private final double to;

    private ChartAxis(Scale scale, double low, double high, double from, double to) {
        this.scale = scale;
        this.low = low;
        this.high = high;
        this.from = from;
        this.to = to;
    }

    /** The scale for the given values: logarithmic if all are above 0 and far apart. */
    static Scale scaleFor(DoubleStream numbers) {
        double[] finite = numbers.filter(Double::isFinite).toArray();
        double least = Arrays.stream(finite).min().orElse(1);
        double most = Arrays.stream(finite).max().orElse(1);
        return least > 0 && most / least > LOGARITHMIC_RATIO ? Scale.LOGARITHMIC : Scale.LINEAR;
    }

    /**
     * An axis that covers the given values.
     *
     * @param margin fraction of the range that is added at both ends
     * @param from pixel of the lower end
     * @param to pixel of the upper end
     */
    static ChartAxis over(DoubleStream numbers, Scale scale, double margin, double from, double to) {
        double[] usable = numbers.filter(number -> Double.isFinite(number) && (scale == Scale.LINEAR || number > 0))
                .toArray();
        double low = Arrays.stream(usable).min().orElse(scale == Scale.LINEAR ? 0 : 0.1);
        double high = Arrays.stream(usable).max().orElse(1);
        if (scale == Scale.LOGARITHMIC) {
            double more = Math.max((Math.log10(high) - Math.log10(low)) * margin, high == low ? 0.5 : 0);
            return new ChartAxis(
                    scale, Math.pow(10, Math.log10(low) - more), Math.pow(10, Math.log10(high) + more), from, to);
        }
        double more = high == low ? (high == 0 ? 1 : Math.abs(high) * 0.1) : (high - low) * margin;
        return new ChartAxis(scale, low - more, high + more, from, to);
    }

    /** The pixel of a value; values outside the axis are mapped to its ends. */
    double at(double number) {
        double inside = Math.max(low, Math.min(high, number));
        double share =
                scale == Scale.LINEAR ? (inside - low) / (high - low) : Math.log(inside / low) / Math.log(high / low);
        return from + share * (to - from);
    }

    /** Round values within the axis. */
    List<Double> ticks() {
        return scale == Scale.LINEAR ? linearTicks() : logarithmicTicks();
    }

    private List<Double> linearTicks() {
        double rough = (high - low) / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = DoubleStream.of(1, 2, 5, 10)
                .map(factor -> factor * power)
                .filter(candidate -> candidate >= rough)
                .findFirst()
                .orElse(10 * power);
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    private List<Double> logarithmicTicks() {
        double decades = Math.log10(high / low);
        double[] factors =
                decades < 1.2 ? new double[] {1, 2, 3, 5} : decades < 3 ? new double[] {1, 3} : new double[] {1};
        int stride = (int) Math.max(1, Math.ceil(decades / 10));
        List<Double> ticks = new ArrayList<>();
        int first = (int) Math.floor(Math.log10(low));
        for (int power = first; power <= Math.log10(high); power += stride) {
            for (double factor : factors) {
                double tick = factor * Math.pow(10, power);
                if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
                    ticks.add(tick);
                }
            }
        }
        return ticks;
    }
}
