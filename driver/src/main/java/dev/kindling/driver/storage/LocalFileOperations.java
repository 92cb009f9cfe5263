package dev.kindling.driver.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Path;

/**
 * File operations on the local disk, through java.nio: Hadoop's local file system creates files non-atomically (it checks
 * for existence first), removes the target before a rename, starts a chmod process for each file, and never syncs a
 * directory.
 */
final class LocalFileOperations extends FileContextOperations {
    /** The error message of file systems that have nothing to sync in a directory. */
    private static final String UNSUPPORTED_SYNC = "Invalid argument";

    LocalFileOperations(FileContext files) {
        super(files);
    }

    private static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    @Override
    public void makeFolder(Path folder) throws IOException {
        makeFolder(local(folder));
    }

    private static void makeFolder(java.nio.file.Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        java.nio.file.Path parent = folder.getParent();
        if (parent != null) {
            makeFolder(parent);
        }
        try {
            Files.createDirectory(folder);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw new NotDirectoryException(e.getFile());
            }
        }
        if (parent != null) {
            syncFolder(parent);
        }
    }

    @Override
    public void create(Path file, byte[] content) throws IOException {
        makeFolder(file.getParent());
        write(file, content, Durability.SYNCED, StandardOpenOption.CREATE_NEW);
        syncFolder(file.getParent());
    }

    @Override
    public void write(Path file, byte[] content, Durability durability) throws IOException {
        makeFolder(file.getParent());
        write(file, content, durability, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    private static void write(Path file, byte[] content, Durability durability, StandardOpenOption... options)
            throws IOException {
        try (FileChannel out = FileChannel.open(local(file), EnumSet.of(StandardOpenOption.WRITE, options))) {
            try {
                writeFully(out, content);
                if (durability == Durability.SYNCED) {
                    out.force(true);
                }
            } catch (IOException e) {
                Files.delete(local(file));
                throw e;
            }
        }
    }

    private static void writeFully(FileChannel out, byte[] content) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
            out.write(rest);
        }
    }

    @Override
    public void overwrite(Path file, byte[] content) throws IOException {
        try (FileChannel out = FileChannel.open(local(file), StandardOpenOption.WRITE)) {
            writeFully(out, content);
            out.truncate(content.length);
            out.force(true);
        }
    }

    @Override
    public FSDataOutputStream createStream(Path file) throws IOException {
        makeFolder(file.getParent());
        return super.createStream(file);
    }

    @Override
    public boolean replacesByRenaming() {
        return true;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(local(from), local(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
        syncFolder(local(folder));
    }

    private static void syncFolder(java.nio.file.Path folder) throws IOException {
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        } catch (AccessDeniedException e) {
            // A directory without read permission cannot be opened for a sync.
        } catch (IOException e) {
            if (!UNSUPPORTED_SYNC.equals(e.getMessage())) {
                throw e;
            }
        }
    }
}
