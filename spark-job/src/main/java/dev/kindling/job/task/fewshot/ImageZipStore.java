package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * A zip of image files. The index and the checksums come from its directory alone; {@link #read} checks each entry against
 * its CRC-32.
 *
 * <p>Entries are never unpacked to a file system, but a name that leads outside the zip is refused all the same: no regular
 * archiver writes one.
 */
final class ImageZipStore extends ZipStore {
    ImageZipStore(HadoopZip zipFile) {
        super(zipFile);
        zipFile.visit(zip -> {
            long compressed = 0;
            for (ZipArchiveEntry entry : Collections.list(zip.zip().getEntries())) {
                index(entry);
                compressed += Math.max(0, entry.getCompressedSize());
            }
            refuseOverlap(compressed);
            return folders();
        });
    }

    @Override
    public boolean readsSingleImagesFast() {
        return zipFile().isLocal();
    }

    @Override
    boolean holdsImages(ZipArchiveEntry entry) {
        return isImageEntry(entry);
    }

    @Override
    void readEntry(HadoopZip.Open zip, ZipArchiveEntry entry, Predicate<String> selected, Visitor visitor) {
        if (selected.test(entry.getName())) {
            visitor.image(entry.getName(), zip.bytes(entry, LARGEST_FILE));
        }
    }

    @Override
    byte[] readImage(HadoopZip.Open zip, String path) {
        return zip.bytes(zip.zip().getEntry(path), LARGEST_FILE);
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        zipFile()
                .pass(
                        ImageZipStore::isImageEntry,
                        (zip, entry) -> visitor.image(entry.getName(), entry.getSize(), entry.getCrc()));
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
        SortedSet<String> images = ImageStore.folder(folders(), folder);
        if (isImageEntry(entry) && !images.add(parts.get(parts.size() - 1))) {
            throw new BadDataException(
                    "few-shot.data: entry " + PrintableText.line(name) + " occurs twice in " + name());
        }
    }

    /**
     * Refuses entries that are longer together than the zip: they share bytes. Each may pass its own limits, but reading all of
     * them would take more work than a file of that length can otherwise cause.
     */
    private void refuseOverlap(long compressed) {
        if (compressed > zipFile().length()) {
            throw new BadDataException("few-shot.data: the entries of " + name() + " have " + compressed
                    + " bytes together; they may have " + zipFile().length() + ", which is the length of the zip");
        }
    }

    private static boolean isImageEntry(ZipArchiveEntry entry) {
        String name = entry.getName();
        return !entry.isDirectory()
                && name.indexOf('/') > 0
                && ImageStore.isImage(name)
                && Arrays.stream(name.split("/")).noneMatch(ImageStore::isHidden);
    }
}
