package dev.kindling.driver.report;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Numbers over numbers, in a chart.
 *
 * @param name what the legend calls it
 * @param low lower edge of the band around it, as long as {@code y}; of length 0 without a band
 * @param high its upper edge
 */
record Series(String name, double[] x, double[] y, double[] low, double[] high, LineStyle look, Kind kind) {
    /** How it is drawn. */
    enum Kind {
        LINE,
        POINTS
    }

    private static final int MOST_POINTS = 240;

    /** A line without a band. */
    static Series of(String name, double[] x, double[] y, LineStyle look) {
        return new Series(name, x, y, new double[0], new double[0], look, Kind.LINE);
    }

    /** Points without a line. */
    static Series points(String name, double[] x, double[] y, LineStyle look) {
        return new Series(name, x, y, new double[0], new double[0], look, Kind.POINTS);
    }

    /** A line with a band of the given half-widths; where one is no number there is none. */
    static Series banded(String name, double[] x, double[] y, double[] halfWidths, LineStyle look) {
        double[] low = new double[y.length];
        double[] high = new double[y.length];
        for (int i = 0; i < y.length; i++) {
            double half = Double.isFinite(halfWidths[i]) ? halfWidths[i] : 0;
            low[i] = y[i] - half;
            high[i] = y[i] + half;
        }
        return new Series(name, x, y, low, high, look, Kind.LINE);
    }

    /** A line over many points: means over as many stretches as a picture can show. */
    static Series thinned(String name, double[] x, double[] y, LineStyle look) {
        if (y.length <= MOST_POINTS) {
            // A line of one point is nothing to look at.
            return of(name, x, y, y.length < 3 ? look : look.plain());
        }
        double[] meanX = new double[MOST_POINTS];
        double[] meanY = new double[MOST_POINTS];
        for (int i = 0; i < MOST_POINTS; i++) {
            int from = (int) ((long) y.length * i / MOST_POINTS);
            int to = (int) ((long) y.length * (i + 1) / MOST_POINTS);
            meanX[i] = Arrays.stream(x, from, to).average().orElse(Double.NaN);
            meanY[i] = Arrays.stream(y, from, to)
                    .filter(Double::isFinite)
                    .average()
                    .orElse(Double.NaN);
        }
        return of(name, meanX, meanY, look.plain());
    }

    boolean hasBand() {
        return low.length > 0;
    }

    /** All numbers that the vertical axis is to hold. */
    DoubleStream heights() {
        return DoubleStream.concat(Arrays.stream(y), DoubleStream.concat(Arrays.stream(low), Arrays.stream(high)));
    }
}
