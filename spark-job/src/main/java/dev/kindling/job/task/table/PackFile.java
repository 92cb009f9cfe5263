package dev.kindling.job.task.table;

import dev.kindling.job.error.BadDataException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A file of a table pack that is read in ranges: mapped into memory where it is on the local disk, by positioned reads where
 * it is on another file system. Thread-safe; open as long as the JVM runs.
 */
abstract class PackFile {
    private static final long SEGMENT = 1L << 30;

    private final Path path;
    private final long size;

    private PackFile(Path path, long size) {
        this.path = path;
        this.size = size;
    }

    /** Opens a file; BadDataException if it is missing or has another length than the pack's manifest says. */
    static PackFile open(FileSystem files, Path path, long expected) {
        try {
            long size = files.getFileStatus(path).getLen();
            if (size != expected) {
                throw new BadDataException(
                        path + " is damaged: it has " + size + " bytes; the table pack's manifest says " + expected);
            }
            return files.getUri().getScheme().equals("file")
                    ? new Mapped(path, size)
                    : new Remote(path, size, files.open(path));
        } catch (FileNotFoundException e) {
            throw new BadDataException(
                    path
                            + " does not exist; the folder of the table pack must be on a file system that the driver and all "
                            + "executors share",
                    e);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static BadDataException unreadable(Path path, IOException e) {
        return new BadDataException(path + " cannot be read: " + e.getMessage(), e);
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    /** The bytes of a range in little-endian order; BadDataException if the file does not have it. */
    ByteBuffer read(long offset, int length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new BadDataException(path + " is damaged: it has " + size + " bytes and its index points to " + length
                    + " bytes at " + offset);
        }
        try {
            return range(offset, length).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    abstract ByteBuffer range(long offset, int length) throws IOException;

    private static final class Mapped extends PackFile {
        private final ByteBuffer[] segments;

        Mapped(Path path, long size) throws IOException {
            super(path, size);
            this.segments = new ByteBuffer[(int) ((size + SEGMENT - 1) / SEGMENT)];
            try (FileChannel channel =
                    FileChannel.open(java.nio.file.Path.of(path.toUri().getPath()), StandardOpenOption.READ)) {
                for (int i = 0; i < segments.length; i++) {
                    long from = i * SEGMENT;
                    segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(SEGMENT, size - from));
                }
            }
        }

        @Override
        ByteBuffer range(long offset, int length) {
            if (length == 0) {
                return ByteBuffer.allocate(0);
            }
            int first = (int) (offset / SEGMENT);
            int within = (int) (offset % SEGMENT);
            if (within + (long) length <= segments[first].limit()) {
                return segments[first].slice(within, length);
            }
            int head = segments[first].limit() - within;
            return ByteBuffer.allocate(length)
                    .put(segments[first].slice(within, head))
                    .put(range(offset + head, length - head))
                    .flip();
        }
    }

    private static final class Remote extends PackFile {
        private final FSDataInputStream in;

        Remote(Path path, long size, FSDataInputStream in) {
            super(path, size);
            this.in = in;
        }

        @Override
        ByteBuffer range(long offset, int length) throws IOException {
            byte[] bytes = new byte[length];
            try {
                in.readFully(offset, bytes);
            } catch (EOFException e) {
                throw new IOException("it ends before byte " + (offset + length), e);
            }
            return ByteBuffer.wrap(bytes);
        }
    }
}
