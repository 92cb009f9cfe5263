package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A zip file on a Hadoop file system, read entry by entry within limits that bound the cost of a crafted file. */
record HadoopZip(FileSystem files, Path path, long length) {
    /** The length from which {@link #LARGEST_RATIO} is enforced: shorter entries cost little whatever their ratio. */
    private static final int RATIO_CHECKED_FROM = 1 << 20;

    /** The largest compression ratio; deflate reaches it on long runs of zeros, not on images. */
    private static final int LARGEST_RATIO = 200;

    /** A function of an open zip. */
    interface Work<T> {
        T on(Open zip) throws IOException;
    }

    /** An action on an entry of an open zip. */
    interface EntryWork {
        void on(Open zip, ZipArchiveEntry entry) throws IOException;
    }

    /** An open zip. Not thread-safe. */
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

    /** Opens the zip; the caller closes it. BadDataException if it is not a zip. */
    Open open() {
        return guarded(this::opened);
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

    /** Opens the zip, applies the function and closes it; BadDataException if it cannot be read. */
    <T> T visit(Work<T> work) {
        return guarded(() -> {
            try (Open zip = opened()) {
                return work.on(zip);
            }
        });
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
