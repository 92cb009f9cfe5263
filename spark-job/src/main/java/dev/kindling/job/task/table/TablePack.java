package dev.kindling.job.task.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.Split;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A table pack, the folder with the encoded groups of a table. Its files, all little-endian:
 *
 * <ul>
 *   <li>{@code pack.json}: {@link TableManifest};
 *   <li>{@code table.json}: the encoding, {@link TableEncodingJson};
 *   <li>{@code rows-00000.bin} and so on, the parts: for each row of a group its features, its indices of
 *       categories, its target and its weight as 32-bit floats; the groups of a part in the order of their keys;
 *   <li>{@code index-SPLIT.bin}: for each group, in the order of the UTF-8 bytes of its key, 32 bytes: part (4), rows (4),
 *       offset in the part (8), CRC-32 of its rows (4), length of its key (4), offset of its key (8);
 *   <li>{@code keys-SPLIT.bin}: the keys in UTF-8, without separators.
 * </ul>
 *
 * <p>Only the manifest is held in memory. Local files are mapped, others are read group by group. The rows of a group are
 * verified against their CRC-32 when they are first read in a JVM. Thread-safe.
 */
public final class TablePack {
    static final String MANIFEST = "pack.json";
    static final String ENCODING = "table.json";

    /** Bytes of an index entry. */
    static final int ENTRY = 32;

    /** Numbers of a row beside its input: target and weight. */
    static final int TARGET_AND_WEIGHT = 2;

    private static final int ENTRIES_AT_ONCE = 1 << 15;
    private static final int LARGEST_TEXT = 1 << 30;

    private final FileSystem files;
    private final Path folder;
    private final TableManifest manifest;
    private final Map<Split, SplitFiles> splits = new EnumMap<>(Split.class);
    private final Map<Integer, PackFile> parts = new ConcurrentHashMap<>();

    /** The opened files of a split; {@code verified} has a bit for each group whose rows were verified. */
    private record SplitFiles(PackFile index, PackFile keys, AtomicLongArray verified) {}

    /** The place of a group's rows. */
    private record Entry(int part, int rows, long offset, int crc, int keyLength, long keyOffset) {}

    private TablePack(FileSystem files, Path folder, TableManifest manifest) {
        this.files = files;
        this.folder = folder;
        this.manifest = manifest;
        for (Split split : Split.values()) {
            TableManifest.Groups groups = manifest.of(split);
            if (groups.groups() > 0) {
                splits.put(
                        split,
                        new SplitFiles(
                                PackFile.open(files, indexFile(folder, split), (long) groups.groups() * ENTRY),
                                PackFile.open(files, keysFile(folder, split), groups.keyBytes()),
                                new AtomicLongArray(groups.groups() / Long.SIZE + 1)));
            }
        }
    }

    static Path indexFile(Path folder, Split split) {
        return new Path(folder, "index-" + TableManifest.name(split) + ".bin");
    }

    static Path keysFile(Path folder, Split split) {
        return new Path(folder, "keys-" + TableManifest.name(split) + ".bin");
    }

    static Path partFile(Path folder, int part) {
        return new Path(folder, String.format("rows-%05d.bin", part));
    }

    /** The file system of a folder; that of the local disk without the checksum files that Hadoop would add. */
    static FileSystem fileSystem(Path folder, Configuration hadoop) {
        try {
            FileSystem found = folder.getFileSystem(hadoop);
            return found instanceof LocalFileSystem local ? local.getRaw() : found;
        } catch (IOException e) {
            throw new UncheckedIOException("the file system of " + folder + " is not available: " + e.getMessage(), e);
        }
    }

    /**
     * Opens a pack.
     *
     * @param place the folder
     * @throws BadDataException if a file is missing or damaged
     */
    public static TablePack open(String place, Configuration hadoop) {
        Path folder = new Path(place);
        FileSystem files = fileSystem(folder, hadoop);
        Path manifest = new Path(folder, MANIFEST);
        String text = text(files, manifest)
                .orElseThrow(() -> new BadDataException(manifest
                        + " does not exist; the folder of the table pack must be on a file system that the driver and "
                        + "all executors share"));
        return new TablePack(files, folder, TableManifest.read(text, manifest.toString()));
    }

    /** The manifest of the pack in a folder; empty if there is none. BadDataException if it is damaged. */
    public static Optional<TableManifest> manifest(String place, Configuration hadoop) {
        Path manifest = new Path(place, MANIFEST);
        return text(fileSystem(new Path(place), hadoop), manifest)
                .map(text -> TableManifest.read(text, manifest.toString()));
    }

    private static Optional<String> text(FileSystem files, Path path) {
        try {
            long length = files.getFileStatus(path).getLen();
            if (length > LARGEST_TEXT) {
                throw new BadDataException(
                        path + " is damaged: it has " + length + " bytes; it must have at most " + LARGEST_TEXT);
            }
            try (FSDataInputStream in = files.open(path)) {
                return Optional.of(new String(in.readNBytes((int) length), StandardCharsets.UTF_8));
            }
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new BadDataException(path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The manifest. */
    public TableManifest manifest() {
        return manifest;
    }

    /** The text of the encoding, {@code table.json}; BadDataException if it is missing or is not that of the pack. */
    public String encodingText() {
        Path path = new Path(folder, ENCODING);
        String text = text(files, path).orElseThrow(() -> new BadDataException(path + " is missing"));
        String hash = TableEncodingJson.hash(TableEncodingJson.read(text, path.toString()));
        if (!hash.equals(manifest.encodingHash())) {
            throw new BadDataException(path + " is not the encoding of its table pack");
        }
        return text;
    }

    /** The number of groups of a split. */
    int groups(Split split) {
        return manifest.of(split).groups();
    }

    /** The number of rows of a group. */
    int rows(Split split, int group) {
        return entry(split, group).rows();
    }

    /** The number of rows of every group of a split, in the order of the groups. */
    int[] rows(Split split) {
        int[] rows = new int[groups(split)];
        for (int first = 0; first < rows.length; first += ENTRIES_AT_ONCE) {
            int count = Math.min(ENTRIES_AT_ONCE, rows.length - first);
            PackFile index = files(split).index();
            ByteBuffer bytes = index.read((long) first * ENTRY, count * ENTRY);
            for (int i = 0; i < count; i++) {
                bytes.position(i * ENTRY);
                rows[first + i] = entry(split, index, bytes, first + i).rows();
            }
        }
        return rows;
    }

    /** The key of a group. */
    String key(Split split, int group) {
        return new String(keyBytes(split, entry(split, group)), StandardCharsets.UTF_8);
    }

    private byte[] keyBytes(Split split, Entry entry) {
        ByteBuffer bytes = files(split).keys().read(entry.keyOffset(), entry.keyLength());
        byte[] key = new byte[bytes.remaining()];
        bytes.get(key);
        return key;
    }

    private SplitFiles files(Split split) {
        SplitFiles ofSplit = splits.get(split);
        if (ofSplit == null) {
            throw new BadDataException(folder + " has no " + TableManifest.name(split) + " groups");
        }
        return ofSplit;
    }

    private Entry entry(Split split, int group) {
        PackFile index = files(split).index();
        return entry(split, index, index.read((long) group * ENTRY, ENTRY), group);
    }

    /** Reads the next entry of an index; BadDataException if it does not fit the manifest. */
    private Entry entry(Split split, PackFile index, ByteBuffer bytes, int group) {
        Entry entry = new Entry(
                bytes.getInt(), bytes.getInt(), bytes.getLong(), bytes.getInt(), bytes.getInt(), bytes.getLong());
        if (entry.part() < 0
                || entry.part() >= manifest.partBytes().size()
                || !manifest.of(split).sizes().containsKey(entry.rows())) {
            throw new BadDataException(index.path() + " is damaged: its entry " + group + " names part " + entry.part()
                    + " and " + entry.rows() + " rows");
        }
        return entry;
    }

    /** Floats of a row. */
    int rowLength() {
        return manifest.width() + TARGET_AND_WEIGHT;
    }

    /**
     * The rows of a group, {@link #rowLength} floats each.
     *
     * @throws BadDataException if they are damaged
     */
    ByteBuffer read(Split split, int group) {
        Entry entry = entry(split, group);
        long length = (long) entry.rows() * rowLength() * Float.BYTES;
        PackFile part = parts.computeIfAbsent(
                entry.part(),
                number -> PackFile.open(
                        files, partFile(folder, number), manifest.partBytes().get(number)));
        ByteBuffer rows = part.read(entry.offset(), Math.toIntExact(Math.min(length, Integer.MAX_VALUE)));
        verify(split, group, entry, part, rows);
        return rows;
    }

    private void verify(Split split, int group, Entry entry, PackFile part, ByteBuffer rows) {
        AtomicLongArray verified = files(split).verified();
        long bit = 1L << group;
        if ((verified.get(group / Long.SIZE) & bit) != 0) {
            return;
        }
        CRC32 crc = new CRC32();
        crc.update(rows.duplicate());
        if ((int) crc.getValue() != entry.crc()) {
            throw new BadDataException(part.path() + " is damaged: the rows of the group "
                    + PrintableText.line(key(split, group)) + " do not match their checksum");
        }
        verified.getAndAccumulate(group / Long.SIZE, bit, (was, more) -> was | more);
    }

    /**
     * The hash of the data in hexadecimal.
     *
     * @throws BadDataException if the indexes and keys do not match it
     */
    String verifiedHash() {
        DataHash hash = new DataHash(manifest.encodingHash());
        for (Split split : Split.values()) {
            for (int group = 0; group < groups(split); group++) {
                Entry entry = entry(split, group);
                hash.group(split, keyBytes(split, entry), entry.rows(), entry.crc());
            }
        }
        if (!hash.hex().equals(manifest.hash())) {
            throw new BadDataException(folder + " is damaged: its indexes do not match the hash in " + MANIFEST);
        }
        return manifest.hash();
    }
}
