package dev.kindling.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A directory of files with a {@code manifest.json}, written last, that holds the length and SHA-256 of each file and of
 * itself. The manifest's own checksum is that of its text with zeros in place of the 64 digits.
 *
 * @param format version of the manifest: 2; that of Kindling 0.1.0 is 1, whose models are the same and whose checkpoints
 *     name their progress otherwise
 * @param progress of the run, in a checkpoint; empty in a model
 * @param files content by name, without the manifest
 */
record ChecksummedDirectory(
        int format, Manifest manifest, Optional<TrainingProgress> progress, SortedMap<String, byte[]> files) {
    static final String MANIFEST = "manifest.json";

    /** The version that is written. */
    static final int FORMAT = 2;

    private static final int OLDEST_FORMAT = 1;
    private static final String ZEROS = "0".repeat(64);
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** A directory that is to be written. */
    ChecksummedDirectory(Manifest manifest, Optional<TrainingProgress> progress, SortedMap<String, byte[]> files) {
        this(FORMAT, manifest, progress, files);
    }

    /** The content of {@code manifest.json}. */
    private record Text(
            int format,
            Provenance provenance,
            long rounds,
            boolean finished,
            SortedMap<String, Entry> files,
            String manifestSha256) {}

    private record Entry(long bytes, String sha256) {}

    private void write(AtomicDirectory folder) {
        SortedMap<String, Entry> entries = new TreeMap<>();
        files.forEach((name, content) -> entries.put(name, new Entry(content.length, DigestUtils.sha256Hex(content))));
        folder.replaceAll(files);
        folder.replace(MANIFEST, text(entries).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes the directory under a name: the files, then, once they are durable, the manifest. If that fails the directory is
     * removed, because it may be what has filled the disk.
     */
    void write(AtomicDirectory parent, String name) {
        try {
            write(parent.child(name));
        } catch (UncheckedIOException e) {
            try {
                parent.remove(name);
            } catch (RuntimeException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    private String text(SortedMap<String, Entry> entries) {
        Text unsigned = new Text(FORMAT, manifest.provenance(), manifest.rounds(), manifest.finished(), entries, ZEROS);
        ObjectNode root = JSON.valueToTree(unsigned);
        progress.ifPresent(reached -> root.set(TrainingProgress.KEY, reached.json()));
        try {
            String text = JSON.writeValueAsString(root) + "\n";
            int digits = text.lastIndexOf(ZEROS);
            return text.substring(0, digits)
                    + DigestUtils.sha256Hex(text.getBytes(StandardCharsets.UTF_8))
                    + text.substring(digits + ZEROS.length());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads and verifies the manifest of a directory only.
     *
     * @throws BadDataException if it is missing or damaged
     */
    static Manifest manifest(AtomicDirectory folder) {
        Text text = verified(new String(folder.read(MANIFEST), StandardCharsets.UTF_8), folder.place(MANIFEST));
        return new Manifest(text.provenance(), text.rounds(), text.finished());
    }

    /**
     * Reads a directory and verifies every byte of it.
     *
     * @throws BadDataException if a file is missing or damaged; the message names it
     */
    static ChecksummedDirectory read(AtomicDirectory folder) {
        String json = new String(folder.read(MANIFEST), StandardCharsets.UTF_8);
        Text text = verified(json, folder.place(MANIFEST));
        SortedMap<String, byte[]> files = new TreeMap<>();
        text.files().forEach((name, entry) -> {
            byte[] content = folder.read(name);
            if (content.length != entry.bytes()) {
                throw new BadDataException(folder.place(name) + " is damaged: it has " + content.length
                        + " bytes; its manifest lists " + entry.bytes());
            }
            if (!DigestUtils.sha256Hex(content).equals(entry.sha256())) {
                throw new BadDataException(
                        folder.place(name) + " is damaged: its bytes do not match the checksum in its manifest");
            }
            files.put(name, content);
        });
        Manifest manifest = new Manifest(text.provenance(), text.rounds(), text.finished());
        return new ChecksummedDirectory(
                text.format(), manifest, TrainingProgress.in(json, folder.place(MANIFEST)), files);
    }

    private static Text verified(String json, String place) {
        Text text;
        try {
            text = JSON.readValue(json, Text.class);
        } catch (JsonProcessingException e) {
            throw new BadDataException(place + " is damaged: it is not a manifest", e);
        }
        String unsigned = json.replace(text.manifestSha256(), ZEROS);
        if (!DigestUtils.sha256Hex(unsigned.getBytes(StandardCharsets.UTF_8)).equals(text.manifestSha256())) {
            throw new BadDataException(place + " is damaged: its text does not match its own checksum");
        }
        if (text.format() < OLDEST_FORMAT || text.format() > FORMAT) {
            throw new BadDataException(place + " has format " + text.format() + "; this version of Kindling reads "
                    + OLDEST_FORMAT + " to " + FORMAT);
        }
        return text;
    }

    /** The content of a file; BadDataException if the manifest does not list it. */
    byte[] file(String name, AtomicDirectory folder) {
        byte[] content = files.get(name);
        if (content == null) {
            throw new BadDataException(folder.place(name) + " is missing: the manifest lists only " + files.keySet());
        }
        return content;
    }
}
