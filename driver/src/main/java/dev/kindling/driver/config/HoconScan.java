package dev.kindling.driver.config;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Scans HOCON text before it is parsed, and refuses text that would overload the parser. The parser recurses with the
 * nesting of the text, and takes quadratic time in the number of keys of an object and in the number of pieces of one
 * value. The scan does not recurse and takes linear time. In malformed text its counts are upper bounds.
 */
final class HoconScan {
    /** The most levels of lists and objects; parts of keys and of the paths in substitutions count as levels. */
    static final int DEEPEST = 64;

    /** The most keys, the most brackets, and the most pieces of one value. */
    static final int MOST = 2048;

    private final String text;
    private final Deque<Integer> open = new ArrayDeque<>();
    private int at;
    private int depth;
    private int dots;
    private int keys;
    private int brackets;
    private int pieces;

    private HoconScan(String text) {
        this.text = text;
    }

    /**
     * Refuses text that goes beyond a limit, with IllegalArgumentException.
     *
     * @param name name of the text in error messages
     */
    static void check(String name, String text) {
        new HoconScan(text).check(name);
    }

    private void check(String name) {
        while (at < text.length()) {
            step();
            require(name, depth + dots, DEEPEST, "levels of lists, objects and parts of keys");
            require(name, keys, MOST, "keys");
            require(name, brackets, MOST, "lists and objects");
            require(name, pieces, MOST, "pieces in one value");
        }
    }

    private static void require(String name, int count, int most, String what) {
        if (count > most) {
            throw new IllegalArgumentException(name + " has more than " + most + " " + what + "; it may have " + most);
        }
    }

    private void step() {
        char character = text.charAt(at);
        switch (character) {
            case '"' -> {
                pieces++;
                skipQuoted();
            }
            case '#' -> skipTo("\n");
            case '/' -> {
                if (text.startsWith("//", at)) {
                    skipTo("\n");
                } else {
                    at++;
                }
            }
            case '[', '{' -> {
                brackets++;
                open.push(1 + dots);
                depth += 1 + dots;
                endOfValue();
            }
            case ']', '}' -> {
                depth -= open.isEmpty() ? 0 : open.pop();
                // More of the same value may follow: [1] [2].
                dots = 0;
                at++;
            }
            case '=', ':' -> {
                keys++;
                endOfValue();
            }
            case ',', '\n' -> endOfValue();
            case '.' -> {
                dots++;
                at++;
            }
            default -> {
                if (Character.isWhitespace(character)) {
                    pieces++;
                }
                at++;
            }
        }
    }

    private void endOfValue() {
        dots = 0;
        pieces = 0;
        at++;
    }

    private void skipQuoted() {
        if (text.startsWith("\"\"\"", at)) {
            at += 3;
            skipTo("\"\"\"");
            return;
        }
        for (at++; at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\n'; at++) {
            if (text.charAt(at) == '\\') {
                at++;
            }
        }
        at++;
    }

    private void skipTo(String end) {
        int found = text.indexOf(end, at);
        at = found < 0 ? text.length() : found + (end.equals("\n") ? 0 : end.length());
    }
}
