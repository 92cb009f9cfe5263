package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * A zip of image files. The index and the checksums come from its directory alone; {@link #read} takes the
 * entries in the order in which they lie in the file and checks each against its CRC-32.
 *
 * <p>Nothing is ever written where an entry's name points, yet a name that leads outside is refused: no honest zip has
 * one.
 */
final class ZipStore implements ImageStore {
    private final HadoopZip place;
    private final SortedMap<String, SortedSet<String>> folders = new TreeMap<>();

    ZipStore(HadoopZip place) {
        this.place = place;
        place.visit(zip -> {
            long compressed = 0;
            for (ZipArchiveEntry entry : Collections.list(zip.zip().getEntries())) {
                index(entry);
                compressed += Math.max(0, entry.getCompressedSize());
            }
            refuseShared(compressed);
            return folders;
        });
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
        place.pass(
                entry -> isIndexed(entry) && wanted.test(entry.getName()),
                (zip, entry) -> visitor.image(entry.getName(), zip.bytes(entry, LARGEST_FILE)));
    }

    @Override
    public Opened open() {
        HadoopZip.Open zip = place.open();
        zip.channel().jump();
        return path -> {
            synchronized (zip) {
                return zip.bytes(zip.zip().getEntry(path), LARGEST_FILE);
            }
        };
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        place.visit(zip -> {
            for (ZipArchiveEntry entry : Collections.list(zip.zip().getEntries())) {
                if (isIndexed(entry)) {
                    visitor.image(entry.getName(), entry.getSize(), entry.getCrc());
                }
            }
            return this;
        });
    }

    private void index(ZipArchiveEntry entry) {
        String name = entry.getName();
        List<String> parts = Arrays.asList(name.split("/"));
        if (name.startsWith("/") || name.indexOf('\\') >= 0 || parts.contains("..") || parts.contains(".")) {
            throw new BadDataException("few-shot.data: entry " + PrintableText.line(name) + " of " + name()
                    + " leads outside the zip; names must be relative, without . and ..");
        }
        if (parts.stream().anyMatch(ImageStore::isHidden)) {
            return;
        }
        String folder = ImageStore.parent(name);
        if (folder.isEmpty()) {
            return;
        }
        SortedSet<String> images = ImageStore.folder(folders, folder);
        if (isIndexed(entry) && !images.add(parts.get(parts.size() - 1))) {
            throw new BadDataException(
                    "few-shot.data: entry " + PrintableText.line(name) + " stands twice in " + name());
        }
    }

    /** Entries of the same bytes, each allowed by itself, would be more work than a file of that length can be. */
    private void refuseShared(long compressed) {
        if (compressed > place.length()) {
            throw new BadDataException("few-shot.data: the entries of " + name() + " have " + compressed
                    + " bytes together; they may have " + place.length() + ", which is the length of the zip");
        }
    }

    private static boolean isIndexed(ZipArchiveEntry entry) {
        String name = entry.getName();
        return !entry.isDirectory()
                && name.indexOf('/') > 0
                && ImageStore.isImage(name)
                && Arrays.stream(name.split("/")).noneMatch(ImageStore::isHidden);
    }
}
