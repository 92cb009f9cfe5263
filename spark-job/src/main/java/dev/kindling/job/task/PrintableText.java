package dev.kindling.job.task;

/**
 * Text from files and names, as messages may show it: characters that control a terminal or turn the direction of writing
 * are escaped as {@code \}{@code u001b}, and what is very long is cut.
 */
public final class PrintableText {
    /** Characters of a message. */
    private static final int LONGEST = 4000;

    private PrintableText() {}

    /** The text as one line. */
    public static String line(String text) {
        StringBuilder line = new StringBuilder(text.length());
        int end = text.length() > LONGEST ? text.offsetByCodePoints(0, text.codePointCount(0, LONGEST)) : text.length();
        text.substring(0, end).codePoints().forEach(point -> {
            if (isPrintable(point)) {
                line.appendCodePoint(point);
            } else {
                for (char unit : Character.toChars(point)) {
                    line.append(String.format("\\u%04x", (int) unit));
                }
            }
        });
        return end == text.length() ? line.toString() : line + "... (" + text.length() + " characters)";
    }

    private static boolean isPrintable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
