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
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * A {@link Pack}: images that are decoded already. {@link #read} takes classes in the order in which they lie in the file;
 * an opened pack reads single images, wherever they lie. Either way each image is held against its checksum.
 */
final class PackStore implements ImageStore {
    private final HadoopZip place;
    private final ImageFormat picture;
    private final SortedMap<String, SortedSet<String>> folders = new TreeMap<>();
    private final Map<String, Slot> slots = new HashMap<>();
    private final Map<Split, List<String>> splits;
    private final List<Pack.Line> lines;

    /** Where an image is: the {@code number}th of its class, and what its pixels must add up to. */
    private record Slot(String className, int number, long crc) {}

    private record Contents(ImageFormat imageFormat, List<Pack.Line> lines, Map<Split, List<String>> splits) {}

    private PackStore(HadoopZip place, Contents contents) {
        this.place = place;
        this.picture = contents.imageFormat();
        this.splits = contents.splits();
        this.lines = contents.lines();
        for (Pack.Line line : lines) {
            SortedSet<String> images = ImageStore.folder(folders, line.className());
            slots.put(
                    ImageStore.child(line.className(), line.image()),
                    new Slot(line.className(), images.size(), line.pixels()));
            images.add(line.image());
        }
    }

    /** The zip as a pack, if it is one; BadDataException if it is one that cannot be read. */
    static Optional<PackStore> in(HadoopZip place) {
        return place.visit(zip -> Optional.ofNullable(zip.zip().getEntry(Pack.MANIFEST))
                .map(manifest -> new PackStore(place, contents(zip, manifest))));
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
            ImageFormat picture = new ImageFormat(
                    manifest.path("image_size").asInt(),
                    manifest.path("channels").asInt(),
                    ImageFormat.Polarity.DARK);
            List<Pack.Line> lines = Pack.lines(zip.bytes(entry(zip, Pack.IMAGES), largestText(zip)));
            if (!Pack.hash(lines).equals(manifest.path("hash").asText())) {
                throw zip.bad(entry, "is damaged: its hash is not that of " + Pack.IMAGES);
            }
            return new Contents(picture, lines, splits(zip));
        } catch (IOException | IllegalArgumentException e) {
            throw zip.bad(entry, "is damaged: " + e.getMessage());
        }
    }

    /** A list of images and classes is shorter than their pixels, which the pack holds as they are. */
    private static int largestText(HadoopZip.Open zip) {
        return (int) Math.min(Integer.MAX_VALUE - 8, zip.place().length());
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
            throw new BadDataException("few-shot.data: the pack " + zip.place().path() + " has no " + name);
        }
        return entry;
    }

    /** The lines of the splits that came with the data; empty where none did. */
    Map<Split, List<String>> splits() {
        return splits;
    }

    @Override
    public String name() {
        return place.path().toString();
    }

    @Override
    public SortedMap<String, SortedSet<String>> folders() {
        return folders;
    }

    @Override
    public void read(Predicate<String> wanted, Visitor visitor) {
        place.pass(entry -> entry.getName().endsWith(Pack.ARRAY), (zip, entry) -> read(zip, entry, wanted, visitor));
    }

    private void read(HadoopZip.Open zip, ZipArchiveEntry entry, Predicate<String> wanted, Visitor visitor)
            throws IOException {
        String className = className(entry);
        List<String> paths = folders.getOrDefault(className, Collections.emptySortedSet()).stream()
                .map(image -> ImageStore.child(className, image))
                .toList();
        if (paths.stream().noneMatch(wanted)) {
            return;
        }
        try (InputStream in = zip.zip().getInputStream(entry)) {
            in.skipNBytes(start(zip, entry));
            for (String path : paths) {
                byte[] pixels = in.readNBytes(picture.numbers());
                if (wanted.test(path)) {
                    visitor.image(path, pixels);
                }
            }
        }
    }

    private static String className(ZipArchiveEntry entry) {
        return entry.getName().substring(0, entry.getName().length() - Pack.ARRAY.length());
    }

    /** Where the numbers of a class begin in its entry, whose length must be what its images need. */
    private int start(HadoopZip.Open zip, ZipArchiveEntry entry) {
        int images = folders.getOrDefault(className(entry), Collections.emptySortedSet())
                .size();
        int header = Pack.header(images, picture).length;
        if (entry.getMethod() != ZipEntry.STORED) {
            throw zip.bad(
                    entry,
                    "is compressed: somebody has zipped the pack anew. Its arrays must be stored as they are, so that single "
                            + "images can be read; pack the set again, or zip it without compression (zip -0)");
        }
        long needed = header + (long) images * picture.numbers();
        if (entry.getSize() != needed) {
            throw zip.bad(
                    entry,
                    "is damaged: it has " + entry.getSize() + " bytes; the " + images + " images of its class need "
                            + needed);
        }
        return header;
    }

    @Override
    public Opened open() {
        HadoopZip.Open zip = place.open();
        zip.channel().jump();
        Map<String, Long> starts = new HashMap<>();
        return path -> {
            Slot slot = slot(path);
            ByteBuffer pixels = ByteBuffer.allocate(picture.numbers());
            synchronized (zip) {
                try {
                    Long start = starts.get(slot.className());
                    if (start == null) {
                        start = offset(zip, slot.className());
                        starts.put(slot.className(), start);
                    }
                    zip.channel().position(start + (long) slot.number() * picture.numbers());
                    int read = 0;
                    while (pixels.hasRemaining() && read >= 0) {
                        read = zip.channel().read(pixels);
                    }
                } catch (IOException e) {
                    throw new BadDataException(
                            "few-shot.data: image " + path + " of " + name() + " cannot be read: " + e.getMessage(), e);
                }
            }
            return Arrays.copyOf(pixels.array(), pixels.position());
        };
    }

    /** Where in the file the numbers of a class begin. */
    private long offset(HadoopZip.Open zip, String className) throws IOException {
        ZipArchiveEntry entry = entry(zip, className + Pack.ARRAY);
        // Only asking for the entry's bytes makes the library look up where they are.
        zip.zip().getInputStream(entry).close();
        return entry.getDataOffset() + start(zip, entry);
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        lines.forEach(
                line -> visitor.image(ImageStore.child(line.className(), line.image()), line.length(), line.crc()));
    }

    @Override
    public byte[] pixels(String path, byte[] bytes, Decoder decoder) {
        if (bytes.length != picture.numbers()
                || ImageStore.crc(bytes, 0, bytes.length) != slot(path).crc()) {
            throw new BadDataException("few-shot.data: image " + path + " of " + name()
                    + " is damaged: its length or checksum is not the one that " + Pack.IMAGES + " names");
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
    public void requireShows(ImageFormat wanted) {
        require("few-shot.image-size", wanted.size(), picture.size());
        require("few-shot.channels", wanted.channels(), picture.channels());
    }

    private void require(String key, int wanted, int packed) {
        if (wanted != packed) {
            throw new IllegalArgumentException(key + " is " + wanted + "; it must be " + packed
                    + ", with which the pack " + name() + " was made, or the set must be packed anew");
        }
    }
}
