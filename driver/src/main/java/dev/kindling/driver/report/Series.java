package dev.kindling.driver.report;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * A series of a chart: y values over x values.
 *
 * @param name in the legend
 * @param low lower edge of the band, of the length of {@code y}; of length 0 without a band
 * @param high upper edge of the band
 */
record Series(String name, double[] x, double[] y, double[] low, double[] high, LineStyle style, Kind kind) {
    /** How a series is drawn. */
    enum Kind {
        LINE,
        POINTS
    }

    private static final int MAX_POINTS = 240;

    /** A line without a band. */
    static Series of(String name, double[] x, double[] y, LineStyle style) {
        return new Series(name, x, y, new double[0], new double[0], style, Kind.LINE);
    }

    /** Points without a line. */
    static Series points(String name, double[] x, double[] y, LineStyle style) {
        return new Series(name, x, y, new double[0], new double[0], style, Kind.POINTS);
    }

    /** A line with a band of the given half-widths; half-widths that are not finite count as 0. */
    static Series banded(String name, double[] x, double[] y, double[] halfWidths, LineStyle style) {
        double[] low = new double[y.length];
        double[] high = new double[y.length];
        for (int i = 0; i < y.length; i++) {
            double half = Double.isFinite(halfWidths[i]) ? halfWidths[i] : 0;
            low[i] = y[i] - half;
            high[i] = y[i] + half;
        }
        return new Series(name, x, y, low, high, style, Kind.LINE);
    }

    /** A line over many points, thinned to means over equal parts of the series. */
    static Series thinned(String name, double[] x, double[] y, LineStyle style) {
        if (y.length <= MAX_POINTS) {
            // A series of fewer than three points needs markers to be visible.
            return of(name, x, y, y.length < 3 ? style : style.plain());
        }
        double[] meanX = new double[MAX_POINTS];
        double[] meanY = new double[MAX_POINTS];
        for (int i = 0; i < MAX_POINTS; i++) {
            int from = (int) ((long) y.length * i / MAX_POINTS);
            int to = (int) ((long) y.length * (i + 1) / MAX_POINTS);
            meanX[i] = Arrays.stream(x, from, to).average().orElse(Double.NaN);
            meanY[i] = Arrays.stream(y, from, to)
                    .filter(Double::isFinite)
                    .average()
                    .orElse(Double.NaN);
        }
        return of(name, meanX, meanY, style.plain());
    }

    boolean hasBand() {
        return low.length > 0;
    }

    /** All values that the vertical axis must cover. */
    DoubleStream heights() {
        return DoubleStream.concat(Arrays.stream(y), DoubleStream.concat(Arrays.stream(low), Arrays.stream(high)));
    }
}
