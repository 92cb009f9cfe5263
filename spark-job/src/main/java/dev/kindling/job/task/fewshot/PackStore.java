package dev.kindling.job.task.fewshot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/** A {@link Pack}: a zip of images that are already decoded. Each image that is read is checked against its CRC-32. */
final class PackStore extends ZipStore {
    private final ImageFormat imageFormat;
    private final Map<String, Slot> slots = new HashMap<>();
    private final Map<Split, List<String>> splits;
    private final List<Pack.Line> lines;
    /** By class name, the position in the file of the class's first pixel. */
    private final Map<String, Long> starts = new ConcurrentHashMap<>();

    /** The position of an image, the {@code number}th of its class, and the CRC-32 of its pixels. */
    private record Slot(String className, int number, long crc) {}

    private record Contents(ImageFormat imageFormat, List<Pack.Line> lines, Map<Split, List<String>> splits) {}

    private PackStore(HadoopZip zipFile, Contents contents) {
        super(zipFile);
        this.imageFormat = contents.imageFormat();
        this.splits = contents.splits();
        this.lines = contents.lines();
        for (Pack.Line line : lines) {
            SortedSet<String> images = ImageStore.folder(folders(), line.className());
            slots.put(
                    ImageStore.child(line.className(), line.image()),
                    new Slot(line.className(), images.size(), line.pixels()));
            images.add(line.image());
        }
    }

    /** The zip as a pack, if it is one; BadDataException if it is one that cannot be read. */
    static Optional<PackStore> in(HadoopZip zipFile) {
        return zipFile.visit(zip -> Optional.ofNullable(zip.zip().getEntry(Pack.MANIFEST))
                .map(manifest -> new PackStore(zipFile, contents(zip, manifest))));
    }

    private static Contents contents(HadoopZip.Open zip, ZipArchiveEntry entry) {
        try {
            JsonNode manifest = new ObjectMapper().readTree(zip.bytes(entry, LARGEST_FILE));
            if (!Pack.FORMAT.equals(manifest.path("format").asText())
                    || manifest.path("version").asInt() != Pack.VERSION) {
                throw zip.bad(
                        entry,
                        "is of format " + manifest.path("format").asText() + ", version "
                                + manifest.path("version").asText() + "; this Kindling reads " + Pack.FORMAT
                                + ", version " + Pack.VERSION);
            }
            ImageFormat imageFormat = new ImageFormat(
                    manifest.path("image_size").asInt(),
                    manifest.path("channels").asInt(),
                    ImageFormat.Polarity.DARK);
            List<Pack.Line> lines = Pack.lines(zip.bytes(entry(zip, Pack.IMAGES), largestText(zip)));
            if (!Pack.hash(lines).equals(manifest.path("hash").asText())) {
                throw zip.bad(entry, "is damaged: its hash is not that of " + Pack.IMAGES);
            }
            return new Contents(imageFormat, lines, splits(zip));
        } catch (IOException | IllegalArgumentException e) {
            throw zip.bad(entry, "is damaged: " + e.getMessage());
        }
    }

    /** The most bytes of a list of images or classes: it is shorter than their pixels, which the pack holds uncompressed. */
    private static int largestText(HadoopZip.Open zip) {
        return (int) Math.min(Integer.MAX_VALUE - 8, zip.file().length());
    }

    private static Map<Split, List<String>> splits(HadoopZip.Open zip) {
        Map<Split, List<String>> splits = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            ZipArchiveEntry entry = zip.zip().getEntry(SplitFiles.name(split));
            if (entry != null) {
                String text = new String(zip.bytes(entry, largestText(zip)), StandardCharsets.UTF_8);
                splits.put(split, text.lines().toList());
            }
        }
        return splits;
    }

    private static ZipArchiveEntry entry(HadoopZip.Open zip, String name) {
        ZipArchiveEntry entry = zip.zip().getEntry(name);
        if (entry == null) {
            throw new BadDataException("few-shot.data: the pack " + zip.file().path() + " has no " + name);
        }
        return entry;
    }

    /** The lines of the splits that came with the data; empty where none did. */
    Map<Split, List<String>> splits() {
        return splits;
    }

    /** A pass reads all images without decoding any, which is faster than waiting for each. */
    @Override
    public boolean readsSingleImagesFast() {
        return false;
    }

    @Override
    boolean holdsImages(ZipArchiveEntry entry) {
        return entry.getName().endsWith(Pack.ARRAY);
    }

    @Override
    void readEntry(HadoopZip.Open zip, ZipArchiveEntry entry, Predicate<String> selected, Visitor visitor)
            throws IOException {
        String className = className(entry);
        List<String> paths = folders().getOrDefault(className, Collections.emptySortedSet()).stream()
                .map(image -> ImageStore.child(className, image))
                .toList();
        if (paths.stream().noneMatch(selected)) {
            return;
        }
        try (InputStream in = zip.zip().getInputStream(entry)) {
            in.skipNBytes(requireArray(zip, entry));
            for (String path : paths) {
                byte[] pixels = in.readNBytes(imageFormat.samples());
                if (selected.test(path)) {
                    visitor.image(path, pixels);
                }
            }
        }
    }

    private static String className(ZipArchiveEntry entry) {
        return entry.getName().substring(0, entry.getName().length() - Pack.ARRAY.length());
    }

    /**
     * The length of the header of a class's array; BadDataException if the entry is compressed or has another length
     * than its images need.
     */
    private int requireArray(HadoopZip.Open zip, ZipArchiveEntry entry) {
        int images = folders()
                .getOrDefault(className(entry), Collections.emptySortedSet())
                .size();
        int header = Pack.header(images, imageFormat).length;
        if (entry.getMethod() != ZipEntry.STORED) {
            throw zip.bad(
                    entry,
                    "is compressed: the pack was unpacked and zipped again. Its arrays must be stored without compression, so "
                            + "that single images can be read; pack the set again, or zip it without compression (zip -0)");
        }
        long needed = header + (long) images * imageFormat.samples();
        if (entry.getSize() != needed) {
            throw zip.bad(
                    entry,
                    "is damaged: it has " + entry.getSize() + " bytes; the " + images + " images of its class need "
                            + needed);
        }
        return header;
    }

    @Override
    byte[] readImage(HadoopZip.Open zip, String path) {
        Slot slot = slot(path);
        ByteBuffer pixels = ByteBuffer.allocate(imageFormat.samples());
        try {
            Long start = starts.get(slot.className());
            if (start == null) {
                start = start(zip, slot.className());
                starts.put(slot.className(), start);
            }
            zip.channel().position(start + (long) slot.number() * imageFormat.samples());
            int read = 0;
            while (pixels.hasRemaining() && read >= 0) {
                read = zip.channel().read(pixels);
            }
        } catch (IOException e) {
            throw new BadDataException(
                    "few-shot.data: image " + path + " of " + name() + " cannot be read: " + e.getMessage(), e);
        }
        return Arrays.copyOf(pixels.array(), pixels.position());
    }

    private long start(HadoopZip.Open zip, String className) throws IOException {
        ZipArchiveEntry entry = entry(zip, className + Pack.ARRAY);
        // The library looks up the entry's position in the file only when its bytes are requested.
        zip.zip().getInputStream(entry).close();
        return entry.getDataOffset() + requireArray(zip, entry);
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        lines.forEach(
                line -> visitor.image(ImageStore.child(line.className(), line.image()), line.length(), line.crc()));
    }

    @Override
    public byte[] pixels(String path, byte[] bytes, Decoder decoder) {
        if (bytes.length != imageFormat.samples()
                || ImageStore.crc(bytes, 0, bytes.length) != slot(path).crc()) {
            throw new BadDataException("few-shot.data: image " + path + " of " + name()
                    + " is damaged: its length or checksum differs from " + Pack.IMAGES);
        }
        return bytes;
    }

    private Slot slot(String path) {
        Slot slot = slots.get(path);
        if (slot == null) {
            throw new IllegalArgumentException("there is no image " + path + " in " + name());
        }
        return slot;
    }

    @Override
    public void requireSupports(ImageFormat requested) {
        require("few-shot.image-size", requested.size(), imageFormat.size());
        require("few-shot.channels", requested.channels(), imageFormat.channels());
    }

    private void require(String key, int requested, int packed) {
        if (requested != packed) {
            throw new IllegalArgumentException(key + " is " + requested + "; it must be " + packed
                    + ", with which the pack " + name() + " was made, or the set must be packed again");
        }
    }
}
