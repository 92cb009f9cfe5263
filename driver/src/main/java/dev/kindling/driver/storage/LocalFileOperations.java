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
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/**
 * Changes on the local disk, by the operating system's own calls: Hadoop's local file system looks first and creates then,
 * removes a file before it renames another over it, starts a chmod process for each file, and syncs no folder.
 */
final class LocalFileOperations implements FileOperations {
    /** What an operating system answers whose file system has nothing to sync in a folder. */
    private static final String NOT_FOR_FOLDERS = "Invalid argument";

    private final FileContext files;

    LocalFileOperations(FileContext files) {
        this.files = files;
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
        put(file, content, Durability.SYNCED, StandardOpenOption.CREATE_NEW);
        syncFolder(file.getParent());
    }

    @Override
    public void write(Path file, byte[] content, Durability durability) throws IOException {
        makeFolder(file.getParent());
        put(file, content, durability, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    private static void put(Path file, byte[] content, Durability durability, StandardOpenOption... how)
            throws IOException {
        try (FileChannel out = FileChannel.open(local(file), EnumSet.of(StandardOpenOption.WRITE, how))) {
            try {
                fill(out, content);
                if (durability == Durability.SYNCED) {
                    out.force(true);
                }
            } catch (IOException e) {
                Files.delete(local(file));
                throw e;
            }
        }
    }

    private static void fill(FileChannel out, byte[] content) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
            out.write(rest);
        }
    }

    @Override
    public void overwrite(Path file, byte[] content) throws IOException {
        try (FileChannel out = FileChannel.open(local(file), StandardOpenOption.WRITE)) {
            fill(out, content);
            out.truncate(content.length);
            out.force(true);
        }
    }

    @Override
    public FSDataOutputStream grow(Path file) throws IOException {
        makeFolder(file.getParent());
        return files.create(
                file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent());
    }

    @Override
    public FSDataOutputStream append(Path file) throws IOException {
        return files.create(file, EnumSet.of(CreateFlag.APPEND));
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
    public void delete(Path path) throws IOException {
        files.delete(path, true);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
        syncFolder(local(folder));
    }

    private static void syncFolder(java.nio.file.Path folder) throws IOException {
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        } catch (AccessDeniedException e) {
            // A folder that may be written and not read cannot be synced either.
        } catch (IOException e) {
            if (!NOT_FOR_FOLDERS.equals(e.getMessage())) {
                throw e;
            }
        }
    }
}
