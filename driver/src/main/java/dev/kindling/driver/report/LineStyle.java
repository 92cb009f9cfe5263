package dev.kindling.driver.report;

import java.util.List;

/**
 * The style of a line. Lines differ in colour (from Okabe and Ito's palette, which colour-blind readers can distinguish), in
 * dashes and in markers, each of which is sufficient.
 *
 * @param colour in hexadecimal
 * @param dash lengths of strokes and gaps; empty for a solid line
 */
record LineStyle(String colour, String dash, Marker marker, double width) {
    /** The shape of the markers. */
    enum Marker {
        NONE,
        CIRCLE,
        SQUARE,
        TRIANGLE,
        DIAMOND,
        CROSS
    }

    /** Target curves. */
    static final LineStyle TARGET = new LineStyle("#000000", "", Marker.NONE, 2.4);

    /** Support points. */
    static final LineStyle POINTS = new LineStyle("#000000", "", Marker.CIRCLE, 1.2);

    private static final List<LineStyle> ALL = List.of(
            new LineStyle("#0072B2", "", Marker.CIRCLE, 2),
            new LineStyle("#D55E00", "7 3", Marker.SQUARE, 2),
            new LineStyle("#009E73", "2 3", Marker.TRIANGLE, 2.2),
            new LineStyle("#CC79A7", "8 3 2 3", Marker.DIAMOND, 2),
            new LineStyle("#56B4E9", "12 4", Marker.CROSS, 2),
            new LineStyle("#E69F00", "4 2", Marker.CIRCLE, 2),
            new LineStyle("#000000", "1 3", Marker.SQUARE, 2));

    /** The style of the line with the given index, which repeats after seven. */
    static LineStyle of(int index) {
        return ALL.get(index % ALL.size());
    }

    /** The same without markers, for lines of many points. */
    LineStyle plain() {
        return new LineStyle(colour, dash, Marker.NONE, width);
    }
}
