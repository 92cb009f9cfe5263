package dev.kindling.driver.report;

import static j2html.TagCreator.tag;

import j2html.tags.ContainerTag;

/** SVG elements. */
final class Svg {
    static final int FONT_SIZE = 12;

    private Svg() {}

    /** An image with its title and text alternative. */
    static ContainerTag<?> picture(int width, int height, String title, String alternative) {
        return tag("svg")
                .attr("viewBox", "0 0 " + width + " " + height)
                .attr("role", "img")
                .attr("aria-label", title + ". " + alternative)
                .with(tag("title").withText(title), tag("desc").withText(alternative));
    }

    /** A decorative image, hidden from screen readers. */
    static ContainerTag<?> decoration(int width, int height) {
        return tag("svg")
                .attr("viewBox", "0 0 " + width + " " + height)
                .attr("width", width)
                .attr("height", height)
                .attr("aria-hidden", "true");
    }

    static ContainerTag<?> line(double x1, double y1, double x2, double y2, String colour) {
        return tag("line")
                .attr("x1", NumberFormat.at(x1))
                .attr("y1", NumberFormat.at(y1))
                .attr("x2", NumberFormat.at(x2))
                .attr("y2", NumberFormat.at(y2))
                .attr("stroke", colour);
    }

    /** Text anchored at a point. */
    static ContainerTag<?> text(double x, double y, String anchor, String text) {
        return tag("text")
                .attr("x", NumberFormat.at(x))
                .attr("y", NumberFormat.at(y))
                .attr("font-size", FONT_SIZE)
                .attr("text-anchor", anchor)
                .withText(text);
    }

    static ContainerTag<?> path(String path, LineStyle style) {
        ContainerTag<?> tag = tag("path")
                .attr("d", path)
                .attr("fill", "none")
                .attr("stroke", style.colour())
                .attr("stroke-width", NumberFormat.at(style.width()))
                .attr("stroke-linejoin", "round");
        if (!style.dash().isEmpty()) {
            tag.attr("stroke-dasharray", style.dash());
        }
        return tag;
    }

    static ContainerTag<?> marker(double x, double y, LineStyle style) {
        String shape = switch (style.marker()) {
            case CIRCLE -> "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z";
            case SQUARE -> "M-3-3h6v6h-6z";
            case TRIANGLE -> "M0-4.2L3.9 3h-7.8z";
            case DIAMOND -> "M0-4.4L4.4 0L0 4.4L-4.4 0z";
            case CROSS -> "M-3.4-3.4L3.4 3.4M-3.4 3.4L3.4-3.4";
            case NONE -> "";
        };
        return tag("path")
                .attr("d", shape)
                .attr("transform", "translate(" + NumberFormat.at(x) + " " + NumberFormat.at(y) + ")")
                .attr("fill", "#ffffff")
                .attr("stroke", style.colour())
                .attr("stroke-width", "1.6");
    }

    /** The sample of a line's style in a legend. */
    static ContainerTag<?> swatch(Series series) {
        ContainerTag<?> svg = decoration(34, 14);
        if (series.kind() == Series.Kind.LINE) {
            svg.with(path("M1 7L33 7", series.style()));
        }
        return series.style().marker() == LineStyle.Marker.NONE ? svg : svg.with(marker(17, 7, series.style()));
    }
}
