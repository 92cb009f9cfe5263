package dev.kindling.job.task.fewshot;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.Split;
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
 * Writes a {@link Pack}: decodes and resizes all classes of an image set one after another, with one class in memory at a time.
 * The same set gives the same bytes.
 */
public final class PackWriter {
    /** The time of every entry: a constant, so that the file does not depend on when it is written. */
    private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ImageIndex index;
    private final Decoder decoder;
    private final Optional<ClassSplits> splits;
    private final Map<ImageStore, ImageStore.Opened> opened = new HashMap<>();
    private final Map<ImageStore, Map<String, long[]>> checksums = new HashMap<>();
    private final List<Pack.Line> lines = new ArrayList<>();

    private PackWriter(ImageIndex index, Decoder decoder, Optional<ClassSplits> splits) {
        this.index = index;
        this.decoder = decoder;
        this.splits = splits;
    }

    /**
     * The summary of a pack that was written.
     *
     * @param path of the pack
     * @param bytes length of the pack
     * @param hash SHA-256, in hexadecimal, of the names, lengths and checksums of the original images
     */
    public record Packed(String path, int classes, int images, long bytes, String hash) {}

    /**
     * Packs an image set together with the splits of its files or of {@code few-shot.split}.
     *
     * @param settings the image set and the format of its images
     * @param to a file on any Hadoop file system that does not exist
     * @throws BadDataException if data or splits are missing, empty or damaged
     * @throws IllegalArgumentException if the file exists or its path is malformed
     * @throws UncheckedIOException if the file cannot be written; a partial file is deleted
     */
    public static Packed write(FewShotSettings settings, String to, Configuration hadoop) {
        ResolvedPath target = ResolvedPath.of("--to", to, hadoop);
        try {
            refuseExisting(target);
            // Rotations are a setting of the source that reads the pack.
            ImageSets sets = ImageSets.open(settings.withRotations(false), hadoop);
            // A random split is drawn again wherever the pack is used, so it needs no files.
            Optional<ClassSplits> splits =
                    settings.split() instanceof SplitSettings.Shares ? Optional.empty() : sets.splits();
            splits.ifPresent(each -> requireReadable(each, sets.index()));
            PackWriter writer = new PackWriter(sets.index(), new Decoder(settings.imageFormat()), splits);
            writer.writeWhole(withoutChecksums(target.files()), target.path());
            long bytes = target.files().getFileStatus(target.path()).getLen();
            return new Packed(
                    target.path().toString(),
                    sets.index().filled().size(),
                    writer.lines.size(),
                    bytes,
                    Pack.hash(writer.lines));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + target.path() + ": " + e.getMessage(), e);
        }
    }

    /** Refuses splits whose class names are found in one of several sets but not in their union. */
    private static void requireReadable(ClassSplits classSplits, ImageIndex index) {
        Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
        classSplits
                .all()
                .forEach(classSplit ->
                        lines.put(classSplit.split(), new SplitListing(classSplit.file(), names(classSplit))));
        SplitReader.read(lines, index, false);
    }

    private static List<String> names(ClassSplit classSplit) {
        return classSplit.classes().stream().map(ClassSplit.TurnedClass::name).toList();
    }

    private static void refuseExisting(ResolvedPath target) throws IOException {
        if (target.files().exists(target.path())) {
            throw new IllegalArgumentException(
                    "--to is " + target.path() + ", which exists; it must be a file that is not there yet");
        }
    }

    /** A pack has its own checksums; those of Hadoop for the local disk would be a second file that copies omit. */
    private static FileSystem withoutChecksums(FileSystem files) {
        return files instanceof LocalFileSystem local ? local.getRaw() : files;
    }

    /** Writes to a temporary file and renames it, so that a partial pack never has the final name. */
    private void writeWhole(FileSystem files, Path path) throws IOException {
        Path temporary = new Path(path.getParent(), "." + path.getName() + ".new");
        try {
            try (OutputStream out = new BufferedOutputStream(files.create(temporary, true), 1 << 20)) {
                write(out);
            }
            if (!files.rename(temporary, path)) {
                throw new IOException("the temporary file " + temporary + " cannot be renamed");
            }
        } catch (IOException | RuntimeException e) {
            files.delete(temporary, false);
            throw e;
        }
    }

    private void write(OutputStream out) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        for (ImageStore store : index.stores()) {
            Map<String, long[]> ofStore = new HashMap<>();
            store.checksums((path, length, crc) -> ofStore.put(path, new long[] {length, crc}));
            checksums.put(store, ofStore);
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
        int samples = decoder.imageFormat().samples();
        byte[] header = Pack.header(each.images().size(), decoder.imageFormat());
        long length = header.length + (long) each.images().size() * samples;
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
            System.arraycopy(pixels, 0, array, at, samples);
            long[] checksum = checksums.getOrDefault(each.store(), Map.of()).getOrDefault(path, new long[2]);
            lines.add(new Pack.Line(each.name(), image, checksum[0], checksum[1], ImageStore.crc(pixels, 0, samples)));
            at += samples;
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
                .put("image_size", decoder.imageFormat().size())
                .put("channels", decoder.imageFormat().channels())
                .put("classes", index.filled().size())
                .put("images", lines.size())
                .put("hash", Pack.hash(lines));
        return (JSON.writeValueAsString(manifest) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Stores entries uncompressed: single images can be read, and the bytes do not depend on the version of zlib. */
    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(ENTRY_TIME);
        entry.setSize(content.length);
        entry.setCrc(ImageStore.crc(content, 0, content.length));
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
