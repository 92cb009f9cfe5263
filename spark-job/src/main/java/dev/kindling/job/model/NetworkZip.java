package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.utils.SeekableInMemoryByteChannel;

/**
 * Reads single entries of a {@link NetworkFile} that is a zip. An entry is found through the directory at the end of the
 * zip, so that no other entry is decompressed; the lengths of directory and entry are checked against limits before they
 * are read, and size and checksum of the decompressed entry against the directory.
 */
final class NetworkZip {
    /** Parses the bytes of an entry; reads no more of them than the format defines. */
    interface Reader<T> {
        T read(InputStream in) throws IOException;
    }

    /** The most entries; Deeplearning4j writes six, and users may add others. */
    private static final int MOST_ENTRIES = 1_000;

    private static final int LONGEST_DIRECTORY = 1 << 20;

    private static final int END = 0x06054b50;
    private static final int END_LENGTH = 22;
    private static final int LONGEST_COMMENT = 0xFFFF;
    /** The signature of the record before the end of a ZIP64 file. */
    private static final int ZIP64_LOCATOR = 0x07064b50;

    private static final int ZIP64_LOCATOR_LENGTH = 20;

    private final NetworkFile file;

    NetworkZip(NetworkFile file) {
        this.file = file;
    }

    /**
     * Reads an entry.
     *
     * @param limit the most decompressed bytes
     * @throws BadDataException if the entry is missing, occurs twice, is longer or damaged
     */
    <T> T read(String name, long limit, Reader<T> reader) {
        try {
            int entries = requireBoundedDirectory();
            try (ZipFile zip = open()) {
                return read(zip, only(zip, name, entries), limit, reader);
            }
        } catch (EOFException e) {
            throw file.damaged(name + " ends too early", e);
        } catch (BadDataException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // On a crafted file the library may throw any exception.
            throw file.damaged(name + " cannot be read: " + firstLine(e), e);
        }
    }

    /** The builder that replaces this constructor is missing from the version of the library that Spark 3.5 installs. */
    @SuppressWarnings("deprecation")
    private ZipFile open() throws IOException {
        return new ZipFile(new SeekableInMemoryByteChannel(file.content()), file.place(), "UTF-8", false, true);
    }

    /** The number of entries according to the end record; refuses a directory that is too long. */
    private int requireBoundedDirectory() {
        ByteBuffer bytes = ByteBuffer.wrap(file.content()).order(ByteOrder.LITTLE_ENDIAN);
        int end = end(bytes);
        long length = Integer.toUnsignedLong(bytes.getInt(end + 12));
        long start = Integer.toUnsignedLong(bytes.getInt(end + 16));
        boolean whole = bytes.getInt(end + 4) == 0
                && bytes.getShort(end + 8) == bytes.getShort(end + 10)
                && start + length == end
                && end + END_LENGTH + Short.toUnsignedInt(bytes.getShort(end + 20)) == bytes.limit();
        boolean zip64 = end >= ZIP64_LOCATOR_LENGTH && bytes.getInt(end - ZIP64_LOCATOR_LENGTH) == ZIP64_LOCATOR;
        if (!whole || zip64) {
            throw file.damaged("it is no plain zip from its first byte to its last");
        }
        int entries = Short.toUnsignedInt(bytes.getShort(end + 10));
        if (entries > MOST_ENTRIES || length > LONGEST_DIRECTORY) {
            throw file.damaged("it has " + entries + " entries in a directory of " + length + " bytes; there may be "
                    + MOST_ENTRIES + " in " + LONGEST_DIRECTORY);
        }
        return entries;
    }

    private int end(ByteBuffer bytes) {
        int last = bytes.limit() - END_LENGTH;
        for (int at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
            if (bytes.getInt(at) == END) {
                return at;
            }
        }
        throw file.damaged("it has no directory at its end, as a zip that was cut off");
    }

    private ZipArchiveEntry only(ZipFile zip, String name, int entries) {
        int found = 0;
        for (Iterator<ZipArchiveEntry> all = zip.getEntries().asIterator(); all.hasNext(); all.next()) {
            found++;
        }
        if (found != entries) {
            throw file.damaged("its directory has " + found + " entries and should have " + entries);
        }
        Iterator<ZipArchiveEntry> named = zip.getEntries(name).iterator();
        if (!named.hasNext()) {
            throw new BadDataException(
                    file.subject() + ", a zip without " + name + "; it must be one that ModelSerializer wrote");
        }
        ZipArchiveEntry entry = named.next();
        if (named.hasNext()) {
            throw file.damaged("it has " + name + " twice");
        }
        return entry;
    }

    private <T> T read(ZipFile zip, ZipArchiveEntry entry, long limit, Reader<T> reader) throws IOException {
        String name = entry.getName();
        if (!zip.canReadEntryData(entry)
                || (entry.getMethod() != ZipArchiveEntry.STORED && entry.getMethod() != ZipArchiveEntry.DEFLATED)) {
            throw file.damaged(name + " is encrypted or packed by method " + entry.getMethod()
                    + "; it must be stored or deflated");
        }
        if (entry.getSize() > limit) {
            throw new BadDataException(
                    file.subject() + ", whose " + name + " has more than the " + limit + " bytes it may have");
        }
        CRC32 checksum = new CRC32();
        try (InputStream in =
                new CheckedInputStream(new BufferedInputStream(zip.getInputStream(entry), 1 << 16), checksum)) {
            T result = reader.read(in);
            if (in.read() >= 0) {
                throw file.damaged(name + " has more bytes than belong to it");
            }
            if (checksum.getValue() != entry.getCrc()) {
                throw file.damaged(name + " does not have the checksum that the zip gives for it");
            }
            return result;
        }
    }

    private static String firstLine(Exception e) {
        return NetworkFile.shown(
                String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
}
