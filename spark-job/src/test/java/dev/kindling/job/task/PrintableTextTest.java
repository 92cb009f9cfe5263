package dev.kindling.job.task;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PrintableTextTest {
    @ParameterizedTest
    @CsvSource({
        "0000, \\u0000",
        "001b, \\u001b",
        "000a, \\u000a",
        "000d, \\u000d",
        "007f, \\u007f",
        "009b, \\u009b",
        "202e, \\u202e",
        "2066, \\u2066",
        "200f, \\u200f",
        "2028, \\u2028",
        "d800, \\ud800",
        "00e9, \u00e9",
        "03b8, \u03b8",
        "4e2d, \u4e2d"
    })
    void controlCharactersAreEscapedAndLettersAreNot(String code, String shown) {
        char character = (char) Integer.parseInt(code, 16);
        assertThat(PrintableText.line("a" + character + "b")).isEqualTo("a" + shown + "b");
        assertThat(PrintableText.line(PrintableText.line("a" + character))).isEqualTo("a" + shown);
    }

    @Test
    void longTextIsTruncatedBetweenCharacters() {
        String text = "x" + "\ud83d\ude00".repeat(10_000);
        assertThat(PrintableText.line(text)).hasSizeLessThan(5000).endsWith("\ud83d\ude00... (20001 characters)");
    }
}
