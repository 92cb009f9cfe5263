package dev.kindling.driver.storage;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * The write operations of one file system that {@link AtomicDirectory} needs. A change is visible to every reader when its
 * method returns. It survives a power cut once it is synced: content by {@link Durability#SYNCED} or the stream's {@code
 * hsync}, names by {@link #syncFolder}, on file systems that have caches to sync.
 */
interface FileOperations {
    /** Whether written bytes survive a power cut. */
    enum Durability {
        /** The bytes are on disk when the write returns. */
        SYNCED,
        /** The operating system writes the bytes back later. */
        CACHED
    }

    /** Creates a directory and its missing parents, and syncs the names of those that it creates. */
    void makeFolder(Path folder) throws IOException;

    /**
     * Creates a new file and syncs it and its name; missing parents are created. Of several concurrent calls one succeeds.
     *
     * @throws org.apache.hadoop.fs.FileAlreadyExistsException or java.nio's if the file exists
     */
    void create(Path file, byte[] content) throws IOException;

    /** Writes a file, new or not; missing parents are created. A write that fails leaves no partial file. */
    void write(Path file, byte[] content, Durability durability) throws IOException;

    /**
     * Overwrites the bytes of an existing file in place, which needs no further disk space up to its size. A concurrent reader
     * may see a mixture of old and new bytes.
     *
     * @throws UnsupportedOperationException where files cannot be changed in place
     */
    void overwrite(Path file, byte[] content) throws IOException;

    /** Opens a new file for appending, in place of an existing one. */
    FSDataOutputStream createStream(Path file) throws IOException;

    /** Opens an existing file for appending; IOException or UnsupportedOperationException if that is not possible. */
    FSDataOutputStream append(Path file) throws IOException;

    /** Whether {@link #rename} replaces a file atomically. */
    boolean replacesByRenaming();

    /** Renames a file or directory; a file at the target is replaced, a directory must not exist there. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file, or a directory with its content. */
    void delete(Path path) throws IOException;

    /** Makes the current names in a directory durable. */
    void syncFolder(Path folder) throws IOException;
}
