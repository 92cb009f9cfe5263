package dev.kindling.driver.report;

import static j2html.TagCreator.tag;

import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A picture of lines in SVG, 380 units wide, whose letters stay letters of 12 units: on a narrow telephone a unit is a little less
 * than a pixel, on a desk more.
 *
 * @param title what it shows, in a few words
 * @param alternative the same for those who do not see it, with its main numbers
 * @param xLabel of the horizontal axis
 * @param yLabel of the vertical axis
 * @param scaleAcross of the horizontal axis
 * @param scale of the vertical axis
 * @param within heights that the vertical axis is to hold beside those of the lines
 */
record Chart(
        String title,
        String alternative,
        String xLabel,
        String yLabel,
        List<Series> lines,
        ChartAxis.Scale scaleAcross,
        ChartAxis.Scale scale,
        double[] within) {
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

    /** A chart that holds its lines. */
    Chart(String title, String alternative, String xLabel, String yLabel, List<Series> lines, ChartAxis.Scale scale) {
        this(title, alternative, xLabel, yLabel, lines, ChartAxis.Scale.EVEN, scale, new double[0]);
    }

    /** A chart whose scale suits its numbers. */
    static Chart of(String title, String alternative, String xLabel, String yLabel, List<Series> lines) {
        ChartAxis.Scale scale = ChartAxis.suiting(lines.stream().flatMapToDouble(line -> DoubleStream.of(line.y())));
        return new Chart(title, alternative, xLabel, yLabel, lines, scale);
    }

    /** Whether there is anything to draw. */
    boolean isEmpty() {
        return lines.stream().allMatch(line -> DoubleStream.of(line.y()).noneMatch(Double::isFinite));
    }

    private ChartAxis across() {
        return ChartAxis.over(
                lines.stream().flatMapToDouble(line -> DoubleStream.of(line.x())), scaleAcross, 0.01, LEFT, RIGHT);
    }

    private ChartAxis upward() {
        DoubleStream heights = lines.stream().flatMapToDouble(Series::heights);
        return ChartAxis.over(DoubleStream.concat(heights, DoubleStream.of(within)), scale, 0.04, BOTTOM, TOP);
    }

    /** The picture. */
    ContainerTag<?> svg() {
        return svg(tag("g"));
    }

    /** The picture with something of the caller's beneath its lines. */
    ContainerTag<?> svg(DomContent beneath) {
        ChartAxis x = across();
        ChartAxis y = upward();
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
        svg.with(Svg.text(4, 13, "start", labelled(yLabel, scale)));
        svg.with(Svg.text(RIGHT, HEIGHT - 6, "end", labelled(xLabel, scaleAcross)));
        svg.with(beneath);
        lines.stream().filter(Series::hasBand).forEach(line -> svg.with(band(line, x, y)));
        lines.forEach(line -> draw(svg, line, x, y));
        return svg;
    }

    private static String labelled(String label, ChartAxis.Scale scale) {
        return scale == ChartAxis.Scale.LOGARITHMIC ? label + " (logarithmic)" : label;
    }

    /** A number at the edge must not be cut off. */
    private static String anchor(double pixel) {
        return pixel > RIGHT - 16 ? "end" : "middle";
    }

    private static ContainerTag<?> band(Series line, ChartAxis x, ChartAxis y) {
        List<String> there = new ArrayList<>();
        List<String> back = new ArrayList<>();
        for (int i = 0; i < line.y().length; i++) {
            if (Double.isFinite(line.low()[i]) && Double.isFinite(line.high()[i])) {
                String at = NumberFormat.at(x.at(line.x()[i]));
                there.add(at + "," + NumberFormat.at(y.at(line.high()[i])));
                back.add(0, at + "," + NumberFormat.at(y.at(line.low()[i])));
            }
        }
        there.addAll(back);
        return tag("polygon")
                .attr("points", String.join(" ", there))
                .attr("fill", line.look().colour())
                .attr("fill-opacity", "0.18");
    }

    private static void draw(ContainerTag<?> svg, Series line, ChartAxis x, ChartAxis y) {
        if (line.kind() == Series.Kind.LINE) {
            svg.with(Svg.path(path(line, x, y), line.look()));
        }
        int stride = line.kind() == Series.Kind.POINTS ? 1 : Math.max(1, line.y().length / MARKS);
        for (int i = 0; i < line.y().length; i += stride) {
            if (Double.isFinite(line.y()[i]) && line.look().marker() != LineStyle.Marker.NONE) {
                svg.with(Svg.marker(x.at(line.x()[i]), y.at(line.y()[i]), line.look()));
            }
        }
    }

    /** The path of a line that is drawn by the caller. */
    String path(Series line) {
        return path(line, across(), upward());
    }

    private static String path(Series line, ChartAxis x, ChartAxis y) {
        StringBuilder path = new StringBuilder();
        boolean down = false;
        for (int i = 0; i < line.y().length; i++) {
            boolean there = Double.isFinite(line.y()[i]) && Double.isFinite(line.x()[i]);
            if (there) {
                path.append(down ? 'L' : 'M')
                        .append(NumberFormat.at(x.at(line.x()[i])))
                        .append(' ')
                        .append(NumberFormat.at(y.at(line.y()[i])));
            }
            down = there;
        }
        return path.toString();
    }
}
