package dev.kindling.driver.report;

import java.util.Locale;

/** Formats numbers for pages. */
final class NumberFormat {
    private NumberFormat() {}

    /** With four significant digits; an en dash if it is not finite. */
    static String text(double number) {
        if (!Double.isFinite(number)) {
            return "–";
        }
        double size = Math.abs(number);
        if (size != 0 && (size < 1e-3 || size >= 1e6)) {
            return String.format(Locale.ROOT, "%.2e", number);
        }
        int digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
        return String.format(Locale.ROOT, "%." + digits + "f", number);
    }

    /** A fraction in percent. */
    static String percent(double fraction) {
        return Double.isFinite(fraction) ? String.format(Locale.ROOT, "%.2f%%", 100 * fraction) : "–";
    }

    /** An integer with thousands separators. */
    static String count(double number) {
        return Double.isFinite(number) ? String.format(Locale.ROOT, "%,.0f", number) : "–";
    }

    /** As short as possible, for the ticks of an axis. */
    static String tick(double number) {
        double size = Math.abs(number);
        if (size != 0 && (size < 1e-3 || size >= 1e5)) {
            return String.format(Locale.ROOT, "%.0e", number)
                    .replaceFirst("e([+-])0*(\\d)", "e$1$2")
                    .replace("e+", "e");
        }
        String text = String.format(Locale.ROOT, "%.4f", number);
        return text.replaceFirst("\\.?0+$", "");
    }

    /** A coordinate in an SVG. */
    static String at(double pixels) {
        return String.format(Locale.ROOT, "%.1f", pixels).replaceFirst("\\.0$", "");
    }
}
