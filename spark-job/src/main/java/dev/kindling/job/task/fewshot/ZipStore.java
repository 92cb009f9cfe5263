package dev.kindling.job.task.fewshot;

import java.io.IOException;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * An image store in one zip file: walks through the entries that hold images in the order in which they lie in the file, and
 * serves single images from a zip that stays open. Subclasses know what an entry holds.
 */
abstract sealed class ZipStore implements ImageStore permits ImageZipStore, PackStore {
    private final HadoopZip zipFile;
    private final SortedMap<String, SortedSet<String>> folders = new TreeMap<>();

    ZipStore(HadoopZip zipFile) {
        this.zipFile = zipFile;
    }

    /** Whether an entry of the zip holds images of the set. */
    abstract boolean holdsImages(ZipArchiveEntry entry);

    /** Passes the selected images of an entry for which {@link #holdsImages} is true to the visitor. */
    abstract void readEntry(HadoopZip.Open zip, ZipArchiveEntry entry, Predicate<String> selected, Visitor visitor)
            throws IOException;

    /** The stored bytes of one image of an open zip; BadDataException if they cannot be read. The caller holds a lock. */
    abstract byte[] readImage(HadoopZip.Open zip, String path);

    final HadoopZip zipFile() {
        return zipFile;
    }

    @Override
    public final String name() {
        return zipFile.path().toString();
    }

    @Override
    public final SortedMap<String, SortedSet<String>> folders() {
        return folders;
    }

    @Override
    public final void read(Predicate<String> selected, Visitor visitor) {
        zipFile.pass(this::holdsImages, (zip, entry) -> readEntry(zip, entry, selected, visitor));
    }

    @Override
    public final Opened open() {
        HadoopZip.Open zip = zipFile.open();
        return path -> {
            synchronized (zip) {
                zip.channel().readAheadLittle();
                return readImage(zip, path);
            }
        };
    }
}
