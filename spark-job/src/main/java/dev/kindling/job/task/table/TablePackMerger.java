package dev.kindling.job.task.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.io.IOUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Completes a table pack on the driver when all parts are written: merges the sorted lists of their groups into the indexes
 * of the splits, and writes encoding and manifest. Its memory does not depend on the number of rows or groups.
 */
public final class TablePackMerger {
    private static final int LIST_BUFFER = 8 << 10;

    private final FileSystem files;
    private final Path folder;
    private final int parts;
    private final DataHash hash;
    private final Map<Split, IndexWriter> indexes = new EnumMap<>(Split.class);

    private TablePackMerger(FileSystem files, Path folder, int parts, String encodingHash) {
        this.files = files;
        this.folder = folder;
        this.parts = parts;
        this.hash = new DataHash(encodingHash);
    }

    /**
     * What the preparation knows of the table, for the manifest.
     *
     * @param settings with which the table was prepared
     * @param faults groups that were left out
     * @param unlabelledRows rows without a label
     * @param shortenedGroups groups of more than {@code table.max-rows} rows
     * @param constantColumns input columns without an encoding
     */
    public record Facts(
            TableSettings settings,
            TableManifest.Faults faults,
            long unlabelledRows,
            long shortenedGroups,
            List<String> constantColumns) {}

    /**
     * Completes the pack in a folder.
     *
     * @param parts number of parts that were written
     * @throws IOException if a file cannot be read or written
     */
    public static TableManifest merge(
            String place, int parts, TableEncoding encoding, Facts facts, Configuration hadoop) throws IOException {
        Path folder = new Path(place);
        FileSystem files = TablePack.fileSystem(folder, hadoop);
        return new TablePackMerger(files, folder, parts, TableEncodingJson.hash(encoding)).write(encoding, facts);
    }

    private TableManifest write(TableEncoding encoding, Facts facts) throws IOException {
        SortedMap<String, TableManifest.Groups> splits = groups();
        List<Long> partBytes = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
            partBytes.add(files.getFileStatus(TablePack.partFile(folder, part)).getLen());
        }
        TableManifest manifest = new TableManifest(
                TableManifest.FORMAT,
                TableManifest.VERSION,
                facts.settings().toMap(),
                hash.hex(),
                TableEncodingJson.hash(encoding),
                encoding.features(),
                encoding.categories(),
                encoding.classes(),
                encoding.labelStd(),
                encoding.columns().ordered(),
                partBytes,
                splits,
                facts.faults(),
                facts.unlabelledRows(),
                facts.shortenedGroups(),
                facts.constantColumns());
        put(TablePack.ENCODING, TableEncodingJson.write(encoding));
        put(TablePack.MANIFEST, manifest.json());
        return manifest;
    }

    private void put(String name, String text) throws IOException {
        try (OutputStream out = files.create(new Path(folder, name), true)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Merges the lists of all parts; the data hash needs the splits one after another, so each split is a pass. */
    private SortedMap<String, TableManifest.Groups> groups() throws IOException {
        SortedMap<String, TableManifest.Groups> splits = new TreeMap<>();
        try {
            for (Split split : Split.values()) {
                merge(split);
            }
            for (Map.Entry<Split, IndexWriter> index : indexes.entrySet()) {
                splits.put(TableManifest.name(index.getKey()), index.getValue().close());
            }
        } finally {
            for (IndexWriter index : indexes.values()) {
                IOUtils.closeQuietly(index.entries, index.keys);
            }
        }
        for (int part = 0; part < parts; part++) {
            files.delete(TablePartWriter.listFile(folder, part), false);
        }
        return splits;
    }

    private void merge(Split split) throws IOException {
        List<GroupList> lists = new ArrayList<>();
        try {
            PriorityQueue<GroupList> next = new PriorityQueue<>((a, b) -> Arrays.compareUnsigned(a.key, b.key));
            for (int part = 0; part < parts; part++) {
                GroupList list = new GroupList(part);
                lists.add(list);
                if (list.advance()) {
                    next.add(list);
                }
            }
            while (!next.isEmpty()) {
                GroupList list = next.remove();
                if (list.split == split.key()) {
                    add(split, list);
                }
                if (list.advance()) {
                    next.add(list);
                }
            }
        } finally {
            for (GroupList list : lists) {
                IOUtils.closeQuietly(list.in);
            }
        }
    }

    private void add(Split split, GroupList list) throws IOException {
        IndexWriter index = indexes.get(split);
        if (index == null) {
            index = new IndexWriter(split);
            indexes.put(split, index);
        }
        index.add(list);
        hash.group(split, list.key, list.rows, list.crc);
    }

    /** A reader of the list of one part's groups, positioned at one of them. */
    private final class GroupList {
        private final int part;
        private final DataInputStream in;
        private byte[] key = new byte[0];
        private int split;
        private int rows;
        private long offset;
        private int crc;

        GroupList(int part) throws IOException {
            this.part = part;
            this.in = new DataInputStream(
                    new BufferedInputStream(files.open(TablePartWriter.listFile(folder, part)), LIST_BUFFER));
        }

        /** Reads the next group; false at the end. */
        boolean advance() throws IOException {
            int length;
            try {
                length = in.readInt();
            } catch (EOFException e) {
                return false;
            }
            key = in.readNBytes(length);
            split = in.readByte();
            rows = in.readInt();
            offset = in.readLong();
            crc = in.readInt();
            return true;
        }
    }

    /** Writes the index and the keys of one split. */
    private final class IndexWriter {
        private final OutputStream entries;
        private final OutputStream keys;
        private final SortedMap<Integer, Integer> sizes = new TreeMap<>();
        private final ByteBuffer entry = ByteBuffer.allocate(TablePack.ENTRY).order(ByteOrder.LITTLE_ENDIAN);
        private int groups;
        private long rows;
        private long keyBytes;

        IndexWriter(Split split) throws IOException {
            this.entries = new BufferedOutputStream(files.create(TablePack.indexFile(folder, split), true));
            this.keys = new BufferedOutputStream(files.create(TablePack.keysFile(folder, split), true));
        }

        void add(GroupList list) throws IOException {
            if (groups == Integer.MAX_VALUE) {
                throw new BadDataException("the table has more than " + Integer.MAX_VALUE + " groups in a split");
            }
            entry.clear();
            entry.putInt(list.part)
                    .putInt(list.rows)
                    .putLong(list.offset)
                    .putInt(list.crc)
                    .putInt(list.key.length)
                    .putLong(keyBytes);
            entries.write(entry.array());
            keys.write(list.key);
            sizes.merge(list.rows, 1, Integer::sum);
            groups++;
            rows += list.rows;
            keyBytes += list.key.length;
        }

        TableManifest.Groups close() throws IOException {
            entries.close();
            keys.close();
            return new TableManifest.Groups(groups, rows, keyBytes, sizes);
        }
    }
}
