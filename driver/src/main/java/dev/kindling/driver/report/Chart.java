package dev.kindling.driver.report;

import static j2html.TagCreator.tag;

import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A line chart in SVG, 380 units wide, with text of 12 units: on a narrow phone a unit is slightly less than a pixel, on a
 * desktop screen more.
 *
 * @param title in a few words
 * @param alternative text alternative for screen readers, with the main numbers
 * @param xLabel label of the horizontal axis
 * @param yLabel label of the vertical axis
 * @param xScale scale of the horizontal axis
 * @param yScale scale of the vertical axis
 * @param yIncludes values that the vertical axis covers in addition to those of the lines
 */
record Chart(
        String title,
        String alternative,
        String xLabel,
        String yLabel,
        List<Series> lines,
        ChartAxis.Scale xScale,
        ChartAxis.Scale yScale,
        double[] yIncludes) {
    static final int WIDTH = 380;
    private static final int HEIGHT = 250;
    private static final int LEFT = 52;
    private static final int RIGHT = WIDTH - 12;
    private static final int TOP = 24;
    private static final int BOTTOM = HEIGHT - 40;
    private static final int MARKS = 6;
    private static final String GREY = "#5a5a5a";

    Chart {
        lines = List.copyOf(lines);
    }

    /** A chart whose axes cover its lines. */
    Chart(String title, String alternative, String xLabel, String yLabel, List<Series> lines, ChartAxis.Scale scale) {
        this(title, alternative, xLabel, yLabel, lines, ChartAxis.Scale.LINEAR, scale, new double[0]);
    }

    /** A chart with a scale chosen from its values. */
    static Chart of(String title, String alternative, String xLabel, String yLabel, List<Series> lines) {
        ChartAxis.Scale scale = ChartAxis.scaleFor(lines.stream().flatMapToDouble(line -> DoubleStream.of(line.y())));
        return new Chart(title, alternative, xLabel, yLabel, lines, scale);
    }

    /** Whether there is anything to draw. */
    boolean isEmpty() {
        return lines.stream().allMatch(line -> DoubleStream.of(line.y()).noneMatch(Double::isFinite));
    }

    private ChartAxis xAxis() {
        return ChartAxis.over(
                lines.stream().flatMapToDouble(line -> DoubleStream.of(line.x())), xScale, 0.01, LEFT, RIGHT);
    }

    private ChartAxis yAxis() {
        DoubleStream heights = lines.stream().flatMapToDouble(Series::heights);
        return ChartAxis.over(DoubleStream.concat(heights, DoubleStream.of(yIncludes)), yScale, 0.04, BOTTOM, TOP);
    }

    /** The chart as SVG. */
    ContainerTag<?> svg() {
        return svg(tag("g"));
    }

    /** The chart as SVG, with further content drawn below its lines. */
    ContainerTag<?> svg(DomContent background) {
        ChartAxis x = xAxis();
        ChartAxis y = yAxis();
        ContainerTag<?> svg = Svg.picture(WIDTH, HEIGHT, title, alternative);
        y.ticks().forEach(tick -> {
            svg.with(Svg.line(LEFT, y.at(tick), RIGHT, y.at(tick), "#dddddd"));
            svg.with(Svg.text(LEFT - 6, y.at(tick) + 4, "end", NumberFormat.tick(tick)));
        });
        x.ticks().forEach(tick -> {
            svg.with(Svg.line(x.at(tick), BOTTOM, x.at(tick), BOTTOM + 4, GREY));
            svg.with(Svg.text(x.at(tick), BOTTOM + 17, anchor(x.at(tick)), NumberFormat.tick(tick)));
        });
        svg.with(Svg.line(LEFT, BOTTOM, RIGHT, BOTTOM, GREY));
        svg.with(Svg.text(4, 13, "start", labelled(yLabel, yScale)));
        svg.with(Svg.text(RIGHT, HEIGHT - 6, "end", labelled(xLabel, xScale)));
        svg.with(background);
        lines.stream().filter(Series::hasBand).forEach(line -> svg.with(band(line, x, y)));
        lines.forEach(line -> draw(svg, line, x, y));
        return svg;
    }

    private static String labelled(String label, ChartAxis.Scale scale) {
        return scale == ChartAxis.Scale.LOGARITHMIC ? label + " (logarithmic)" : label;
    }

    /** Right-aligns a label near the edge, so that it is not cut off. */
    private static String anchor(double pixel) {
        return pixel > RIGHT - 16 ? "end" : "middle";
    }

    private static ContainerTag<?> band(Series line, ChartAxis x, ChartAxis y) {
        List<String> outline = new ArrayList<>();
        List<String> lower = new ArrayList<>();
        for (int i = 0; i < line.y().length; i++) {
            if (Double.isFinite(line.low()[i]) && Double.isFinite(line.high()[i])) {
                String at = NumberFormat.at(x.at(line.x()[i]));
                outline.add(at + "," + NumberFormat.at(y.at(line.high()[i])));
                lower.add(0, at + "," + NumberFormat.at(y.at(line.low()[i])));
            }
        }
        outline.addAll(lower);
        return tag("polygon")
                .attr("points", String.join(" ", outline))
                .attr("fill", line.style().colour())
                .attr("fill-opacity", "0.18");
    }

    private static void draw(ContainerTag<?> svg, Series line, ChartAxis x, ChartAxis y) {
        if (line.kind() == Series.Kind.LINE) {
            svg.with(Svg.path(path(line, x, y), line.style()));
        }
        int stride = line.kind() == Series.Kind.POINTS ? 1 : Math.max(1, line.y().length / MARKS);
        for (int i = 0; i < line.y().length; i += stride) {
            if (Double.isFinite(line.y()[i]) && line.style().marker() != LineStyle.Marker.NONE) {
                svg.with(Svg.marker(x.at(line.x()[i]), y.at(line.y()[i]), line.style()));
            }
        }
    }

    /** The SVG path of a line, for callers that draw it themselves. */
    String path(Series line) {
        return path(line, xAxis(), yAxis());
    }

    private static String path(Series line, ChartAxis x, ChartAxis y) {
        StringBuilder path = new StringBuilder();
        boolean drawing = false;
        for (int i = 0; i < line.y().length; i++) {
            boolean finite = Double.isFinite(line.y()[i]) && Double.isFinite(line.x()[i]);
            if (finite) {
                path.append(drawing ? 'L' : 'M')
                        .append(NumberFormat.at(x.at(line.x()[i])))
                        .append(' ')
                        .append(NumberFormat.at(y.at(line.y()[i])));
            }
            drawing = finite;
        }
        return path.toString();
    }
}
