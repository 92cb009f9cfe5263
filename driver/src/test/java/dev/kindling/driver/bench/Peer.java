package dev.kindling.driver.bench;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program of another library that times the same rounds: it takes {@code --seconds} and prints one JSON line with
 * {@code ms_per_round}, after a warm-up of its own.
 *
 * @param name of the library
 * @param command the program and its arguments
 */
record Peer(String name, List<String> command) implements BenchmarkCase {
    /** A peer whose loss diverges prints NaN, which the time does not depend on. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    @Override
    public Map<String, Double> sample(double seconds) {
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of("--seconds", Double.toString(seconds)));
        try {
            Process process = new ProcessBuilder(words)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalArgumentException(String.join(" ", words) + " ended with code " + process.exitValue());
            }
            return Map.of(name, JSON.readTree(line).required("ms_per_round").asDouble());
        } catch (IOException e) {
            throw new UncheckedIOException(String.join(" ", words) + " failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** The program warms up by itself. */
    @Override
    public void warmUp(double seconds) {}
}
