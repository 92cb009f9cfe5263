package dev.kindling.driver.report;

import java.util.List;

/**
 * How a line is told from others: by colour (of Okabe and Ito's palette, whose colours the colour-blind can tell apart), by
 * dashes and by markers, each of which is enough.
 *
 * @param colour in hexadecimal
 * @param dash lengths of strokes and gaps; empty for a whole line
 */
record Look(String colour, String dash, Marker marker, double width) {
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
    static final Look TRUTH = new Look("#000000", "", Marker.NONE, 2.4);

    /** Points that somebody gave. */
    static final Look POINTS = new Look("#000000", "", Marker.CIRCLE, 1.2);

    private static final List<Look> ALL = List.of(
            new Look("#0072B2", "", Marker.CIRCLE, 2),
            new Look("#D55E00", "7 3", Marker.SQUARE, 2),
            new Look("#009E73", "2 3", Marker.TRIANGLE, 2.2),
            new Look("#CC79A7", "8 3 2 3", Marker.DIAMOND, 2),
            new Look("#56B4E9", "12 4", Marker.CROSS, 2),
            new Look("#E69F00", "4 2", Marker.CIRCLE, 2),
            new Look("#000000", "1 3", Marker.SQUARE, 2));

    /** The look of the line of the given number, from 0 on; they begin anew after seven. */
    static Look of(int number) {
        return ALL.get(number % ALL.size());
    }

    /** The same without markers, for lines of many points in a small picture. */
    Look plain() {
        return new Look(colour, dash, Marker.NONE, width);
    }
}
