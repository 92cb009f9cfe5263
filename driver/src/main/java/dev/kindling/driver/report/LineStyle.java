package dev.kindling.driver.report;

import java.util.List;

/**
 * How a line is told from others: by colour (of Okabe and Ito's palette, whose colours the colour-blind can tell apart), by
 * dashes and by markers, each of which is enough.
 *
 * @param colour in hexadecimal
 * @param dash lengths of strokes and gaps; empty for a whole line
 */
record LineStyle(String colour, String dash, Marker marker, double width) {
    /** The shape at points. */
    enum Marker {
        NONE,
        CIRCLE,
        SQUARE,
        TRIANGLE,
        DIAMOND,
        CROSS
    }

    /** What is true, or given. */
    static final LineStyle TRUTH = new LineStyle("#000000", "", Marker.NONE, 2.4);

    /** Points that somebody gave. */
    static final LineStyle POINTS = new LineStyle("#000000", "", Marker.CIRCLE, 1.2);

    private static final List<LineStyle> ALL = List.of(
            new LineStyle("#0072B2", "", Marker.CIRCLE, 2),
            new LineStyle("#D55E00", "7 3", Marker.SQUARE, 2),
            new LineStyle("#009E73", "2 3", Marker.TRIANGLE, 2.2),
            new LineStyle("#CC79A7", "8 3 2 3", Marker.DIAMOND, 2),
            new LineStyle("#56B4E9", "12 4", Marker.CROSS, 2),
            new LineStyle("#E69F00", "4 2", Marker.CIRCLE, 2),
            new LineStyle("#000000", "1 3", Marker.SQUARE, 2));

    /** The look of the line of the given number, from 0 on; they begin anew after seven. */
    static LineStyle of(int number) {
        return ALL.get(number % ALL.size());
    }

    /** The same without markers, for lines of many points in a small picture. */
    LineStyle plain() {
        return new LineStyle(colour, dash, Marker.NONE, width);
    }
}
