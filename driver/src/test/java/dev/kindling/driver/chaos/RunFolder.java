package dev.kindling.driver.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads and compares the files of a run's folder, without code of Kindling. */
record RunFolder(Path path) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TIMES_AND_BYTES =
            List.of("seconds", "tasks_per_second", "bytes_out", "bytes_in", "round_milliseconds");
    private static final Pattern LINE = Pattern.compile("\\{\"round\":(\\d+).*\"bytes_in\":(\\d+).*}\n");
    private static final int TAIL = 4096;

    /** The round of the last complete line of {@code metrics.jsonl}; 0 if there is none. */
    long round() {
        return lastLine(1);
    }

    /** The bytes received from executors in the round of the last complete line. */
    long bytesIn() {
        return lastLine(2);
    }

    private long lastLine(int group) {
        long found = 0;
        Matcher matcher = LINE.matcher(tail());
        while (matcher.find()) {
            found = Long.parseLong(matcher.group(group));
        }
        return found;
    }

    private String tail() {
        try (RandomAccessFile file =
                new RandomAccessFile(path.resolve("metrics.jsonl").toFile(), "r")) {
            long length = file.length();
            file.seek(Math.max(0, length - TAIL));
            byte[] bytes = new byte[(int) Math.min(TAIL, length)];
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            // The file does not exist yet, or it is being replaced.
            return "";
        }
    }

    /** The round of the newest checkpoint that has a manifest; 0 if there is none. */
    long checkpoint() {
        return checkpoints().stream()
                .filter(one -> Files.exists(one.resolve("manifest.json")))
                .mapToLong(one -> Long.parseLong(one.getFileName().toString()))
                .max()
                .orElse(0);
    }

    private List<Path> checkpoints() {
        Path folder = path.resolve("checkpoints");
        try (Stream<Path> names = Files.list(folder)) {
            return names.filter(one -> one.getFileName().toString().matches("\\d+"))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Whether a writer was interrupted, so that a temporary file, or an incomplete checkpoint or model, remains. */
    boolean isTorn() {
        boolean temporary;
        try (Stream<Path> all = Files.walk(path)) {
            temporary = all.map(one -> one.getFileName().toString())
                    .anyMatch(name -> name.matches("\\..*\\.new|\\.model-(new|old)"));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
        return temporary || checkpoints().stream().anyMatch(one -> !Files.exists(one.resolve("manifest.json")));
    }

    /** Compares all results of this run with those of an undisturbed one; a Fault names the first file that differs. */
    void requireSameAs(RunFolder undisturbed) {
        long last = undisturbed.checkpoint();
        Fault.unless(checkpoint() == last, "the last checkpoint is of round " + checkpoint() + ", not " + last);
        String checkpoint = String.format(Locale.ROOT, "checkpoints/%08d/", last);
        for (String name : List.of(
                "model/theta.safetensors",
                "model/network.json",
                "evaluation.json",
                checkpoint + "theta.safetensors",
                checkpoint + "optimizer.safetensors")) {
            Fault.unless(Arrays.equals(bytes(name), undisturbed.bytes(name)), name + " differs");
        }
        Fault.unless(metrics().equals(undisturbed.metrics()), "metrics.jsonl differs");
        Fault.unless(!Files.exists(path.resolve(".lock")), "a lock is left in the finished run");
        Fault.unless(state().equals("done"), "status.json says " + state());
    }

    /** The {@code state} in {@code status.json}; empty if it cannot be read. */
    String state() {
        try {
            return JSON.readTree(bytes("status.json")).path("state").asText();
        } catch (IOException | Fault e) {
            return "";
        }
    }

    private byte[] bytes(String name) {
        try {
            return Files.readAllBytes(path.resolve(name));
        } catch (IOException e) {
            throw new Fault(name + " cannot be read: " + e, e);
        }
    }

    private List<String> metrics() {
        try {
            List<String> lines = new ArrayList<>();
            for (String line : Files.readAllLines(path.resolve("metrics.jsonl"))) {
                lines.add(((ObjectNode) JSON.readTree(line))
                        .remove(TIMES_AND_BYTES)
                        .toString());
            }
            return lines;
        } catch (IOException e) {
            throw new Fault("metrics.jsonl cannot be read: " + e.getMessage(), e);
        }
    }

    /** Removes the folder with its content, in several attempts, since a driver may be writing there. */
    void remove() {
        for (int attempt = 0; attempt < 10 && Files.exists(path); attempt++) {
            try (Stream<Path> all = Files.walk(path)) {
                all.sorted(Comparator.reverseOrder())
                        .forEach(one -> one.toFile().delete());
            } catch (IOException | UncheckedIOException e) {
                // A file was removed during the listing; the next attempt removes the others.
            }
        }
    }
}
