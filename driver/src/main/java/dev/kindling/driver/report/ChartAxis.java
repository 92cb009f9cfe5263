package dev.kindling.driver.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** A stretch of numbers on a stretch of pixels, even or by orders of magnitude. */
final class ChartAxis {
    /** How numbers lie on it. */
    enum Scale {
        EVEN,
        /** By their logarithm; numbers that are not above 0 lie at its beginning. */
        LOGARITHMIC
    }

    private static final int TICKS = 6;
    /** Above this ratio of the largest to the smallest number an even axis shows only the large ones. */
    private static final double WIDE = 12;

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

    /** The scale that suits numbers: by orders of magnitude where all are above 0 and lie far apart. */
    static Scale suiting(DoubleStream numbers) {
        double[] finite = numbers.filter(Double::isFinite).toArray();
        double least = Arrays.stream(finite).min().orElse(1);
        double most = Arrays.stream(finite).max().orElse(1);
        return least > 0 && most / least > WIDE ? Scale.LOGARITHMIC : Scale.EVEN;
    }

    /**
     * An axis over numbers.
     *
     * @param room share of the stretch that is added at both ends
     * @param from the pixel of its lower end
     * @param to the pixel of its upper end
     */
    static ChartAxis over(DoubleStream numbers, Scale scale, double room, double from, double to) {
        double[] usable = numbers.filter(number -> Double.isFinite(number) && (scale == Scale.EVEN || number > 0))
                .toArray();
        double low = Arrays.stream(usable).min().orElse(scale == Scale.EVEN ? 0 : 0.1);
        double high = Arrays.stream(usable).max().orElse(1);
        if (scale == Scale.LOGARITHMIC) {
            double more = Math.max((Math.log10(high) - Math.log10(low)) * room, high == low ? 0.5 : 0);
            return new ChartAxis(
                    scale, Math.pow(10, Math.log10(low) - more), Math.pow(10, Math.log10(high) + more), from, to);
        }
        double more = high == low ? (high == 0 ? 1 : Math.abs(high) * 0.1) : (high - low) * room;
        return new ChartAxis(scale, low - more, high + more, from, to);
    }

    /** The pixel of a number; what lies outside is at the end. */
    double at(double number) {
        double inside = Math.max(low, Math.min(high, number));
        double share =
                scale == Scale.EVEN ? (inside - low) / (high - low) : Math.log(inside / low) / Math.log(high / low);
        return from + share * (to - from);
    }

    /** Round numbers within the axis. */
    List<Double> ticks() {
        return scale == Scale.EVEN ? evenTicks() : logarithmicTicks();
    }

    private List<Double> evenTicks() {
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
