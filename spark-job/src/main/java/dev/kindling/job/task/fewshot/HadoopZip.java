package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A zip file on a Hadoop file system, read entry by entry within limits that bound the cost of a crafted file.
 *
 * <p>A local zip stays open until memory is needed, and all sources of a JVM that read the same file share it, so that its
 * directory, which has a record for each image, is read once. On other file systems each use opens the zip: an open file may be a
 * connection. Thread-safe.
 */
final class HadoopZip {
    /** The length from which {@link #LARGEST_RATIO} is enforced: shorter entries cost little whatever their ratio. */
    private static final int RATIO_CHECKED_FROM = 1 << 20;

    /** The largest compression ratio; deflate reaches it on long runs of zeros, not on images. */
    private static final int LARGEST_RATIO = 200;

    /** The age from which a file's length and time identify its content: the clock of a file system is coarse. */
    private static final long SETTLED_MILLIS = 2_000;

    private static final Cleaner CLEANER = Cleaner.create();
    /** The local zips of this JVM that somebody uses. */
    private static final Map<Identity, WeakReference<HadoopZip>> LOCAL = new HashMap<>();

    private final FileSystem files;
    private final Path path;
    private final long length;
    private SoftReference<Open> kept = new SoftReference<>(null);

    /** Equal for a file that has not changed. */
    private record Identity(FileSystem files, Path path, long length, long modified) {}

    private HadoopZip(FileSystem files, FileStatus status) {
        this.files = files;
        this.path = status.getPath();
        this.length = status.getLen();
    }

    /** The zip of a file. */
    static HadoopZip of(FileSystem files, FileStatus status) {
        boolean settled = System.currentTimeMillis() - status.getModificationTime() > SETTLED_MILLIS;
        if (!isLocal(status.getPath()) || !settled) {
            return new HadoopZip(files, status);
        }
        Identity identity = new Identity(files, status.getPath(), status.getLen(), status.getModificationTime());
        synchronized (LOCAL) {
            LOCAL.values().removeIf(reference -> reference.get() == null);
            WeakReference<HadoopZip> known = LOCAL.get(identity);
            HadoopZip zip = known == null ? null : known.get();
            if (zip == null) {
                zip = new HadoopZip(files, status);
                LOCAL.put(identity, new WeakReference<>(zip));
            }
            return zip;
        }
    }

    private static boolean isLocal(Path path) {
        return "file".equals(path.toUri().getScheme());
    }

    boolean isLocal() {
        return isLocal(path);
    }

    Path path() {
        return path;
    }

    long length() {
        return length;
    }

    /** A function of an open zip. */
    interface Work<T> {
        T on(Open zip) throws IOException;
    }

    /** An action on an entry of an open zip. */
    interface EntryWork {
        void on(Open zip, ZipArchiveEntry entry) throws IOException;
    }

    /** An open zip, to be used under its lock. */
    record Open(HadoopZip file, HadoopChannel channel, ZipFile zip) implements Closeable {
        /**
         * The bytes of an entry.
         *
         * @param limit the largest length
         * @throws BadDataException if the entry is longer or damaged
         */
        byte[] bytes(ZipArchiveEntry entry, int limit) {
            refuseBomb(entry, limit);
            if (!zip.canReadEntryData(entry)) {
                throw bad(entry, "is encrypted or compressed by an unknown method; it must be stored or deflated");
            }
            try (InputStream in = zip.getInputStream(entry)) {
                byte[] bytes = in.readNBytes((int) Math.min(entry.getSize() + 1, Integer.MAX_VALUE - 8));
                if (bytes.length != entry.getSize() || ImageStore.crc(bytes, 0, bytes.length) != entry.getCrc()) {
                    throw bad(entry, "is damaged: its length or checksum differs from the zip's directory");
                }
                return bytes;
            } catch (IOException e) {
                throw bad(entry, "is damaged: " + e.getMessage());
            }
        }

        private void refuseBomb(ZipArchiveEntry entry, int limit) {
            if (entry.getSize() > limit) {
                throw bad(entry, "has " + entry.getSize() + " bytes; it may have " + limit);
            }
            if (entry.getSize() > RATIO_CHECKED_FROM && entry.getSize() / LARGEST_RATIO > entry.getCompressedSize()) {
                throw bad(
                        entry,
                        "unpacks from " + entry.getCompressedSize() + " to " + entry.getSize()
                                + " bytes; it may grow by a factor of " + LARGEST_RATIO);
            }
        }

        BadDataException bad(ZipArchiveEntry entry, String fault) {
            return new BadDataException(
                    "few-shot.data: " + PrintableText.line(entry.getName()) + " of " + file.path() + " " + fault);
        }

        @Override
        public void close() throws IOException {
            zip.close();
        }
    }

    /** Opens the zip for random access; it stays open as long as the result is reachable. BadDataException if it is not a zip. */
    Open open() {
        return guarded(isLocal() ? this::keptOpen : () -> closedLater(opened()));
    }

    private synchronized Open keptOpen() throws IOException {
        Open open = kept.get();
        if (open == null) {
            open = closedLater(opened());
            kept = new SoftReference<>(open);
        }
        return open;
    }

    /** Closes an open zip once nothing refers to it: the library's own finalizer would print a message. */
    private static Open closedLater(Open open) {
        ZipFile zip = open.zip();
        CLEANER.register(open, () -> ZipFile.closeQuietly(zip));
        return open;
    }

    /** The builder that replaces this constructor is missing from the version of the library that Spark 3.5 installs. */
    @SuppressWarnings("deprecation")
    private Open opened() throws IOException {
        HadoopChannel channel = new HadoopChannel(files.open(path), length);
        try {
            // Local headers are ignored at first: reading each of them would be a seek for every image.
            return new Open(this, channel, new ZipFile(channel, path.toString(), "UTF-8", true, true));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Applies the function to the open zip, while no other thread uses it. BadDataException if it cannot be read. */
    <T> T visit(Work<T> work) {
        return guarded(() -> {
            if (isLocal()) {
                return sequentially(keptOpen(), work);
            }
            try (Open zip = opened()) {
                return sequentially(zip, work);
            }
        });
    }

    private static <T> T sequentially(Open zip, Work<T> work) throws IOException {
        synchronized (zip) {
            zip.channel().readAheadFar();
            return work.on(zip);
        }
    }

    /**
     * Applies the action to the selected entries in one sequential pass, in the order of the file.
     *
     * @throws BadDataException if the zip cannot be read
     */
    void pass(Predicate<ZipArchiveEntry> selected, EntryWork work) {
        visit(zip -> {
            Iterator<ZipArchiveEntry> entries =
                    zip.zip().getEntriesInPhysicalOrder().asIterator();
            while (entries.hasNext()) {
                ZipArchiveEntry entry = entries.next();
                if (selected.test(entry)) {
                    work.on(zip, entry);
                }
            }
            return this;
        });
    }

    private interface Attempt<T> {
        T run() throws IOException;
    }

    private <T> T guarded(Attempt<T> attempt) {
        try {
            return attempt.run();
        } catch (IOException | RuntimeException e) {
            if (e instanceof BadDataException bad) {
                throw bad;
            }
            throw new BadDataException(
                    "few-shot.data: " + path + " is not a zip that can be read: " + e.getMessage(), e);
        }
    }
}
