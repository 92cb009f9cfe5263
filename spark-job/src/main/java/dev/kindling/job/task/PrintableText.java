package dev.kindling.job.task;

/**
 * Makes text from files and names safe to show in messages: characters that control a terminal or change the writing
 * direction are escaped as {@code \}{@code u001b}, and long text is truncated.
 */
public final class PrintableText {
    /** The most characters that are shown. */
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
