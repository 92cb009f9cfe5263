package dev.kindling.driver.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Accuracy against minutes of training as SVG: a panel for each kind of task, a line of validations for each run, and a dot for
 * its evaluation on test classes. Equal distances of the vertical axis are equal factors of the error.
 */
final class AccuracyChart {
    private static final int WIDTH = 380;
    private static final int HEIGHT = 260;
    private static final int LEFT = 46;
    private static final int RIGHT = WIDTH - 14;
    private static final int TOP = 30;
    private static final int BOTTOM = HEIGHT - 34;
    private static final int COLUMNS = 2;
    /** Space of the legend below each panel, for each run. */
    private static final int LEGEND_LINE = 15;

    private static final double LEAST = 80;
    private static final double MOST = 99.9;
    private static final double[] TICKS = {80, 90, 95, 98, 99, 99.5, 99.9};
    private static final double[] MINUTE_STEPS = {1, 2, 5, 10, 20, 60};
    private static final int MOST_MINUTE_TICKS = 8;
    private static final List<String> COLOURS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9");

    private final StringBuilder svg = new StringBuilder();

    private AccuracyChart() {}

    /** The picture of some records. */
    static String of(List<AccuracyRecord> records) {
        Map<String, List<AccuracyRecord>> cells = new TreeMap<>();
        records.forEach(record ->
                cells.computeIfAbsent(record.cell(), cell -> new ArrayList<>()).add(record));
        int lines = cells.values().stream().mapToInt(List::size).max().orElse(0);
        int height = HEIGHT + lines * LEGEND_LINE + 8;
        int rows = (cells.size() + COLUMNS - 1) / COLUMNS;
        AccuracyChart chart = new AccuracyChart();
        chart.add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">",
                COLUMNS * WIDTH, rows * height);
        chart.add("<title>Accuracy against minutes of training</title>");
        chart.add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
        int number = 0;
        for (Map.Entry<String, List<AccuracyRecord>> cell : cells.entrySet()) {
            chart.add("<g transform=\"translate(%d %d)\">", number % COLUMNS * WIDTH, number / COLUMNS * height);
            chart.panel(cell.getKey(), cell.getValue());
            chart.add("</g>");
            number++;
        }
        chart.add("</svg>");
        return chart.svg.toString();
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void panel(String cell, List<AccuracyRecord> records) {
        double end = Math.max(
                1, records.stream().mapToDouble(AccuracyRecord::minutes).max().orElse(1));
        add("<text x=\"%d\" y=\"16\" font-weight=\"bold\">%s</text>", LEFT, cell);
        add("<text x=\"4\" y=\"%d\">%%</text>", TOP - 4);
        for (double tick : TICKS) {
            add(
                    "<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT, y(tick), RIGHT, LEFT - 5, y(tick) + 4, tick == Math.rint(tick) ? "" + (int) tick : "" + tick);
        }
        double step = minuteStep(end);
        for (double minute = 0; minute <= end; minute += step) {
            add(
                    "<path d=\"M%.1f %dv4\" stroke=\"#5a5a5a\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>",
                    x(minute, end), BOTTOM, x(minute, end), BOTTOM + 17, minute);
        }
        add("<path d=\"M%d %dH%d\" stroke=\"#5a5a5a\"/>", LEFT, BOTTOM, RIGHT);
        add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">minutes</text>", RIGHT, BOTTOM + 30);
        for (int i = 0; i < records.size(); i++) {
            line(records.get(i), COLOURS.get(i % COLOURS.size()), end, HEIGHT + 10 + i * LEGEND_LINE);
        }
    }

    private void line(AccuracyRecord record, String colour, double end, int legend) {
        StringBuilder path = new StringBuilder();
        for (AccuracyRecord.Point point : record.validations()) {
            path.append(path.isEmpty() ? 'M' : 'L')
                    .append(String.format(Locale.ROOT, "%.1f %.1f", x(point.minutes(), end), y(point.percent())));
        }
        if (!path.isEmpty()) {
            add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"/>", path, colour);
        }
        AccuracyRecord.Point evaluation = record.evaluation();
        add(
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>",
                x(evaluation.minutes(), end), y(evaluation.percent()), colour);
        add("<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>", LEFT + 4, legend - 4, colour);
        add("<text x=\"%d\" y=\"%d\">%s: %.2f</text>", LEFT + 14, legend, record.name(), evaluation.percent());
    }

    private static double minuteStep(double end) {
        for (double step : MINUTE_STEPS) {
            if (end / step <= MOST_MINUTE_TICKS) {
                return step;
            }
        }
        return Math.ceil(end / MOST_MINUTE_TICKS / 60) * 60;
    }

    private static double x(double minutes, double end) {
        return LEFT + (RIGHT - LEFT) * minutes / end;
    }

    /** Accuracies outside the axis are drawn at its ends. */
    private static double y(double percent) {
        double error = 100 - Math.min(MOST, Math.max(LEAST, percent));
        double share = Math.log((100 - LEAST) / error) / Math.log((100 - LEAST) / (100 - MOST));
        return BOTTOM - (BOTTOM - TOP) * share;
    }
}
