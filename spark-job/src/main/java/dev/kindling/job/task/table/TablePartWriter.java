package dev.kindling.job.task.table;

import dev.kindling.job.task.Split;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Writes one part of a table pack, and a list of its groups that {@link TablePackMerger} merges into the pack's indexes. Runs
 * on executors. Several attempts may write the same part: each writes files of its own and renames them when they are
 * complete; their bytes are equal.
 */
public final class TablePartWriter implements AutoCloseable {
    private static final int BUFFER = 1 << 20;

    private final TableEncoding.Encoder encoder;
    private final FileSystem files;
    private final Path folder;
    private final int part;
    private final Path rowsPath;
    private final Path listPath;
    private final OutputStream rows;
    private final DataOutputStream list;
    private final CRC32 crc = new CRC32();
    private byte[] bytes = new byte[BUFFER];
    private long offset;

    /**
     * A writer of the {@code part}th part.
     *
     * @param attempt a number that no other attempt at this part has
     */
    public TablePartWriter(TableEncoding encoding, String place, int part, long attempt, Configuration hadoop)
            throws IOException {
        this.encoder = encoding.encoder();
        this.folder = new Path(place);
        this.files = TablePack.fileSystem(folder, hadoop);
        this.part = part;
        this.rowsPath = new Path(folder, ".rows-" + part + "-" + attempt);
        this.listPath = new Path(folder, ".groups-" + part + "-" + attempt);
        this.rows = files.create(rowsPath, true);
        this.list = new DataOutputStream(new BufferedOutputStream(files.create(listPath, true)));
    }

    /** The list of the groups of a part, in the order of keys. */
    static Path listFile(Path folder, int part) {
        return new Path(folder, ".groups-" + part);
    }

    /** The class of a row that no training group has, as a clause; empty if there is none. */
    public Optional<String> fault(RawGroup group) {
        return encoder.unknownClass(group);
    }

    /** Adds a group; groups must come in the order of their keys. */
    public void add(String key, Split split, RawGroup group) throws IOException {
        int fit = encoder.fit(split, key);
        crc.reset();
        long start = offset;
        ByteBuffer buffer = null;
        for (int row = 0; row < group.rows(); row++) {
            float[] input = encoder.row(group, row, fit);
            int rowBytes = (input.length + TablePack.TARGET_AND_WEIGHT) * Float.BYTES;
            if (buffer == null || buffer.remaining() < rowBytes) {
                flush(buffer);
                buffer = buffer(rowBytes);
            }
            for (float element : input) {
                buffer.putFloat(element);
            }
            buffer.putFloat(encoder.target(group, row)).putFloat((float) group.weight(row));
        }
        flush(buffer);
        byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
        list.writeInt(utf8.length);
        list.write(utf8);
        list.writeByte(split.key());
        list.writeInt(group.rows());
        list.writeLong(start);
        list.writeInt((int) crc.getValue());
    }

    private ByteBuffer buffer(int rowBytes) {
        if (bytes.length < rowBytes) {
            bytes = new byte[rowBytes];
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void flush(@Nullable ByteBuffer buffer) throws IOException {
        if (buffer != null) {
            crc.update(bytes, 0, buffer.position());
            rows.write(bytes, 0, buffer.position());
            offset += buffer.position();
        }
    }

    /** Completes the part. */
    public void finish() throws IOException {
        rows.close();
        list.close();
        rename(rowsPath, TablePack.partFile(folder, part));
        rename(listPath, listFile(folder, part));
    }

    private void rename(Path from, Path to) throws IOException {
        if (!files.rename(from, to) && !files.exists(to)) {
            throw new IOException(from + " cannot be renamed to " + to.getName());
        }
    }

    /** Closes the files and deletes what {@link #finish} has not renamed. */
    @Override
    public void close() throws IOException {
        rows.close();
        list.close();
        files.delete(rowsPath, false);
        files.delete(listPath, false);
    }
}
