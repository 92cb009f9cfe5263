package dev.kindling.driver.storage;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * What changes files and folders on one file system, as {@link AtomicDirectory} needs it. A change is visible to every reader when
 * its method returns. It survives a power cut from the moment it is synced: content by {@link Durability#SYNCED} or a
 * stream's own {@code hsync}, names by {@link #syncFolder}, where the file system has caches to sync.
 */
interface FileOperations {
    /** What becomes of written bytes in a power cut. */
    enum Durability {
        /** They are on the disk when the write returns. */
        SYNCED,
        /** The operating system writes them when it likes. */
        CACHED
    }

    /** Makes a folder and those above it, if they are not there, and syncs the names of those that it makes. */
    void makeFolder(Path folder) throws IOException;

    /**
     * Writes a file that is not there yet and syncs it and its name; folders above it are made. Of several who try at once one
     * succeeds.
     *
     * @throws org.apache.hadoop.fs.FileAlreadyExistsException or java.nio's if it is there
     */
    void create(Path file, byte[] content) throws IOException;

    /** Writes a file, whether it is there or not; folders above it are made. What was begun and failed is removed. */
    void write(Path file, byte[] content, Durability durability) throws IOException;

    /**
     * Writes over the bytes of a file that is there, which takes no room that it does not have. A reader may see both.
     *
     * @throws UnsupportedOperationException where files cannot be changed in place
     */
    void overwrite(Path file, byte[] content) throws IOException;

    /** Begins a file that grows; what had its name is lost. */
    FSDataOutputStream grow(Path file) throws IOException;

    /** Goes on from the end of a file; IOException or UnsupportedOperationException where that cannot be done. */
    FSDataOutputStream append(Path file) throws IOException;

    /** Whether {@link #rename} replaces a file in one step. */
    boolean replacesByRenaming();

    /** Gives a file or folder another name; a file of that name is replaced, a folder must not be there. */
    void rename(Path from, Path to) throws IOException;

    /** Removes a file, or a folder with all that is in it. */
    void delete(Path path) throws IOException;

    /** Makes the names in a folder, as they are now, survive a power cut. */
    void syncFolder(Path folder) throws IOException;
}
