package dev.kindling.job.task.fewshot;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.fewshot.FewShotSettings.Rotations;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Writes a {@link Pack}: all classes of an image set, decoded and resized, one after another, with only one class in memory.
 * The same set gives the same bytes.
 */
public final class PackWriter {
    /** Any moment, so long as it is always the same: the time of writing must not change the file. */
    private static final LocalDateTime MOMENT = LocalDateTime.of(1980, 1, 1, 0, 0);

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ImageIndex index;
    private final Decoder decoder;
    private final Optional<ClassSplits> splits;
    private final Map<ImageStore, ImageStore.Opened> opened = new HashMap<>();
    private final Map<ImageStore, Map<String, long[]>> sums = new HashMap<>();
    private final List<Pack.Line> lines = new ArrayList<>();

    private PackWriter(ImageIndex index, Decoder decoder, Optional<ClassSplits> splits) {
        this.index = index;
        this.decoder = decoder;
        this.splits = splits;
    }

    /**
     * What was packed.
     *
     * @param path where it is
     * @param bytes length of the file
     * @param hash SHA-256, in hexadecimal, of the names, lengths and checksums of the original images
     */
    public record Packed(String path, int classes, int images, long bytes, String hash) {}

    /**
     * Packs an image set, with the splits that its files or {@code few-shot.split} name.
     *
     * @param settings which set, and what its images become
     * @param to a file on any Hadoop file system that is not there yet
     * @throws BadDataException if data or splits are missing, empty or broken
     * @throws IllegalArgumentException if the file is there already, or its path is none
     * @throws UncheckedIOException if the file cannot be written; nothing of it is left then
     */
    public static Packed write(FewShotSettings settings, String to, Configuration hadoop) {
        ResolvedPath place = ResolvedPath.of("--to", to, hadoop);
        try {
            refuseExisting(place);
            // Whoever reads the pack says what rotations count as.
            ImageSets sets = ImageSets.open(settings.withRotations(Rotations.AS_NAMED), hadoop);
            // Shares are drawn anew wherever the pack is used; files would not be there.
            Optional<ClassSplits> splits =
                    settings.split() instanceof SplitSettings.Shares ? Optional.empty() : sets.splits();
            splits.ifPresent(each -> requireReadable(each, sets.index()));
            PackWriter writer = new PackWriter(sets.index(), new Decoder(settings.imageFormat()), splits);
            writer.writeWhole(withoutChecksums(place.files()), place.path());
            long bytes = place.files().getFileStatus(place.path()).getLen();
            return new Packed(
                    place.path().toString(),
                    sets.index().filled().size(),
                    writer.lines.size(),
                    bytes,
                    Pack.hash(writer.lines));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + place.path() + ": " + e.getMessage(), e);
        }
    }

    /** Refuses splits whose lines mean something in one of several sets, but not in all of them together. */
    private static void requireReadable(ClassSplits classSplits, ImageIndex index) {
        Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
        classSplits
                .all()
                .forEach(classSplit ->
                        lines.put(classSplit.split(), new SplitListing(classSplit.file(), names(classSplit))));
        SplitReader.read(lines, index, Rotations.AS_NAMED);
    }

    private static List<String> names(ClassSplit classSplit) {
        return classSplit.classes().stream().map(ClassSplit.TurnedClass::name).toList();
    }

    private static void refuseExisting(ResolvedPath place) throws IOException {
        if (place.files().exists(place.path())) {
            throw new IllegalArgumentException(
                    "--to is " + place.path() + ", which exists; it must be a file that is not there yet");
        }
    }

    /** A pack has checksums of its own; Hadoop's on the local disk would lie beside it in a file that copies forget. */
    private static FileSystem withoutChecksums(FileSystem files) {
        return files instanceof LocalFileSystem local ? local.getRaw() : files;
    }

    /** Writes beside and renames, so that no half pack ever has the name of a whole one. */
    private void writeWhole(FileSystem files, Path path) throws IOException {
        Path beside = new Path(path.getParent(), "." + path.getName() + ".new");
        try {
            try (OutputStream out = new BufferedOutputStream(files.create(beside, true), 1 << 20)) {
                write(out);
            }
            if (!files.rename(beside, path)) {
                throw new IOException("it cannot be given its name");
            }
        } catch (IOException | RuntimeException e) {
            files.delete(beside, false);
            throw e;
        }
    }

    private void write(OutputStream out) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        for (ImageStore store : index.stores()) {
            Map<String, long[]> ofStore = new HashMap<>();
            store.checksums((path, length, crc) -> ofStore.put(path, new long[] {length, crc}));
            sums.put(store, ofStore);
        }
        for (ImageClass each : index.filled()) {
            put(zip, each.name() + Pack.ARRAY, array(each));
        }
        put(zip, Pack.IMAGES, Pack.text(lines));
        if (splits.isPresent()) {
            for (ClassSplit classSplit : splits.get().all()) {
                put(zip, SplitFiles.name(classSplit.split()), text(classSplit));
            }
        }
        put(zip, Pack.MANIFEST, manifest());
        zip.finish();
    }

    private byte[] array(ImageClass each) {
        int numbers = decoder.picture().numbers();
        byte[] header = Pack.header(each.images().size(), decoder.picture());
        long length = header.length + (long) each.images().size() * numbers;
        if (length > Integer.MAX_VALUE - 8) {
            throw new BadDataException("few-shot.data: class " + each.name() + " has "
                    + each.images().size() + " images, " + length + " bytes when decoded; a class of a pack may have "
                    + Integer.MAX_VALUE);
        }
        byte[] array = Arrays.copyOf(header, (int) length);
        ImageStore.Opened store = opened.computeIfAbsent(each.store(), ImageStore::open);
        int at = header.length;
        for (String image : each.images()) {
            String path = each.path(image);
            byte[] pixels = each.store().pixels(path, store.bytes(path), decoder);
            System.arraycopy(pixels, 0, array, at, numbers);
            long[] sum = sums.getOrDefault(each.store(), Map.of()).getOrDefault(path, new long[2]);
            lines.add(new Pack.Line(each.name(), image, sum[0], sum[1], ImageStore.crc(pixels, 0, numbers)));
            at += numbers;
        }
        return array;
    }

    private static byte[] text(ClassSplit classSplit) {
        StringBuilder text = new StringBuilder();
        names(classSplit).forEach(name -> text.append(name).append('\n'));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private byte[] manifest() throws IOException {
        ObjectNode manifest = JSON.createObjectNode();
        manifest.put("format", Pack.FORMAT)
                .put("version", Pack.VERSION)
                .put("image_size", decoder.picture().size())
                .put("channels", decoder.picture().channels())
                .put("classes", index.filled().size())
                .put("images", lines.size())
                .put("hash", Pack.hash(lines));
        return (JSON.writeValueAsString(manifest) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Stored, not deflated: so single images can be read, and the bytes do not depend on a version of zlib. */
    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(MOMENT);
        entry.setSize(content.length);
        entry.setCrc(ImageStore.crc(content, 0, content.length));
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
