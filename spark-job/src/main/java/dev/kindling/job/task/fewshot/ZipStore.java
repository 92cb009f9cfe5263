package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.BadDataException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A zip on a Hadoop file system. The index and the checksums come from its directory alone; {@link #read} takes the
 * entries in the order in which they lie in the file and checks each against its CRC-32.
 *
 * <p>Nothing is ever written where an entry's name points, yet a name that leads outside is refused: no honest zip has
 * one.
 */
final class ZipStore implements ImageStore {
    private final FileSystem files;
    private final Path path;
    private final long length;
    private final SortedMap<String, SortedSet<String>> folders = new TreeMap<>();

    ZipStore(FileSystem files, Path path, long length) {
        this.files = files;
        this.path = path;
        this.length = length;
        visit(zip -> {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                index(entry);
            }
        });
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public SortedMap<String, SortedSet<String>> folders() {
        return folders;
    }

    @Override
    public void read(Predicate<String> wanted, Visitor visitor) {
        visit(zip -> {
            Iterator<ZipArchiveEntry> entries = zip.getEntriesInPhysicalOrder().asIterator();
            while (entries.hasNext()) {
                ZipArchiveEntry entry = entries.next();
                if (isIndexed(entry) && wanted.test(entry.getName())) {
                    visitor.image(entry.getName(), bytes(zip, entry));
                }
            }
        });
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        visit(zip -> {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                if (isIndexed(entry)) {
                    visitor.image(entry.getName(), entry.getSize(), entry.getCrc());
                }
            }
        });
    }

    private void index(ZipArchiveEntry entry) {
        String name = entry.getName();
        List<String> parts = Arrays.asList(name.split("/"));
        if (name.startsWith("/") || name.indexOf('\\') >= 0 || parts.contains("..") || parts.contains(".")) {
            throw new BadDataException("few-shot.data: entry " + name + " of " + path
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
            throw new BadDataException("few-shot.data: entry " + name + " stands twice in " + path);
        }
    }

    private static boolean isIndexed(ZipArchiveEntry entry) {
        String name = entry.getName();
        return !entry.isDirectory()
                && name.indexOf('/') > 0
                && ImageStore.isImage(name)
                && Arrays.stream(name.split("/")).noneMatch(ImageStore::isHidden);
    }

    private byte[] bytes(ZipFile zip, ZipArchiveEntry entry) {
        if (entry.getSize() > LARGEST_FILE) {
            throw bad(entry, "has " + entry.getSize() + " bytes; an image may have " + LARGEST_FILE);
        }
        if (!zip.canReadEntryData(entry)) {
            throw bad(entry, "is encrypted or compressed by an unknown method; it must be stored or deflated");
        }
        byte[] bytes;
        try (InputStream in = zip.getInputStream(entry)) {
            bytes = in.readNBytes((int) entry.getSize() + 1);
        } catch (IOException e) {
            throw bad(entry, "is damaged: " + e.getMessage());
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if (bytes.length != entry.getSize() || crc.getValue() != entry.getCrc()) {
            throw bad(entry, "is damaged: its length or checksum is not the one that the zip's directory names");
        }
        return bytes;
    }

    private BadDataException bad(ZipArchiveEntry entry, String fault) {
        return new BadDataException("few-shot.data: image " + entry.getName() + " of " + path + " " + fault);
    }

    private interface Work {
        void on(ZipFile zip) throws IOException;
    }

    private void visit(Work work) {
        // Ignoring local headers at first: looking each of them up would be a seek for every image.
        try (HadoopChannel channel = new HadoopChannel(files.open(path), length);
                ZipFile zip = new ZipFile(channel, path.toString(), "UTF-8", true, true)) {
            work.on(zip);
        } catch (IOException | RuntimeException e) {
            if (e instanceof BadDataException bad) {
                throw bad;
            }
            throw new BadDataException(
                    "few-shot.data: " + path + " is not a zip that can be read: " + e.getMessage(), e);
        }
    }
}
