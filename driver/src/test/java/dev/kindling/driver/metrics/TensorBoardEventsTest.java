package dev.kindling.driver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorBoardEventsTest {
    private static final double START = 1_700_000_000;

    /** The bytes that TensorBoard's own classes write for the same numbers (events.py). */
    @Test
    void theBytesAreThoseOfTensorBoardsOwnWriter() throws IOException {
        TensorBoardEvents encoder = new TensorBoardEvents(START);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(encoder.header());
        for (String line : List.of("""
                {"round": 10, "query_loss": 0.5, "validation_loss": null, "tasks": 24, "seconds": 3.5,
                "round_milliseconds": {"compute": 3.0}}""", """
                {"round": 300000, "query_loss": 1e-7, "tasks": 24, "seconds": 700.25,
                "round_milliseconds": {"compute": 2.5}}""")) {
            file.writeBytes(encoder.record(new ObjectMapper().readTree(line)));
        }

        assertThat(HexFormat.of().formatHex(file.toByteArray())).isEqualTo(expected());
    }

    private static String expected() throws IOException {
        try (InputStream in = TensorBoardEventsTest.class.getResourceAsStream("events.hex")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
    }
}
