package dev.kindling.driver.storage;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.RegularFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hdfs.BlockMissingException;

/**
 * A directory on any Hadoop file system whose files are replaced atomically. Where rename replaces a file atomically, a file
 * is written under a temporary name that begins with a dot, synced, and renamed; on other file systems, such as object
 * stores, it is written under its own name and becomes visible when the stream is closed. No {@code .crc} files are
 * written on the local file system. I/O failures are thrown as UncheckedIOException with a single-line message.
 */
public final class AtomicDirectory {
    private final FileContext files;
    private final FileOperations operations;
    private final Path path;
    private final Runnable guard;

    AtomicDirectory(FileContext files, FileOperations operations, Path path, Runnable guard) {
        this.files = files;
        this.operations = operations;
        this.path = path;
        this.guard = guard;
    }

    /**
     * The directory at a location; it need not exist.
     *
     * @param place a path, or a URI of any file system that Hadoop knows
     * @throws IllegalArgumentException if the scheme is unknown
     */
    public static AtomicDirectory at(String place, Configuration hadoop) {
        return at(place, hadoop, AtomicDirectory::operations);
    }

    /** The same with other file operations, for tests that record them. */
    static AtomicDirectory at(
            String place, Configuration hadoop, BiFunction<FileContext, Path, FileOperations> operations) {
        Configuration settings = new Configuration(hadoop);
        settings.set("fs.AbstractFileSystem.file.impl", "org.apache.hadoop.fs.local.RawLocalFs");
        try {
            Path path = new Path(place);
            URI uri = path.toUri();
            FileContext files = uri.getScheme() == null
                    ? FileContext.getFileContext(settings)
                    : FileContext.getFileContext(uri, settings);
            Path qualified = files.makeQualified(path);
            return new AtomicDirectory(files, operations.apply(files, qualified), qualified, () -> {});
        } catch (UnsupportedFileSystemException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the folder is " + place + "; it must be a path or a URI of a file system that Hadoop knows", e);
        }
    }

    private static FileOperations operations(FileContext files, Path path) {
        String scheme = path.toUri().getScheme();
        return isLocal(path) ? new LocalFileOperations(files) : new HadoopFileOperations(files, scheme);
    }

    /** The directory that contains a file; it need not exist. IllegalArgumentException as for {@link #at}. */
    public static AtomicDirectory of(String file, Configuration hadoop) {
        Path parent = new Path(file).getParent();
        return at(parent == null || parent.toString().isEmpty() ? "." : parent.toString(), hadoop);
    }

    /** The subdirectory of the given name. */
    public AtomicDirectory child(String name) {
        return new AtomicDirectory(files, operations, new Path(path, name), guard);
    }

    /**
     * The same directory with a guard, which also applies to its subdirectories.
     *
     * @param guard runs before each write; throws an exception to prevent it
     */
    public AtomicDirectory guardedBy(Runnable guard) {
        return new AtomicDirectory(files, operations, path, guard);
    }

    /** Runs the guard, which throws an exception if the directory must not be written. */
    public void ensureWritable() {
        guard.run();
    }

    /** The last segment of the path. */
    public String name() {
        return path.getName();
    }

    /** The path of a file of this directory, for messages. */
    public String place(String name) {
        Path file = new Path(path, name);
        return local() ? file.toUri().getPath() : file.toString();
    }

    /** The path of this directory, for messages. */
    @Override
    public String toString() {
        return local() ? path.toUri().getPath() : path.toString();
    }

    private boolean local() {
        return isLocal(path);
    }

    private static boolean isLocal(Path path) {
        return "file".equals(path.toUri().getScheme());
    }

    /** Whether it has a file or subdirectory of this name. */
    public boolean has(String name) {
        try {
            return files.util().exists(new Path(path, name));
        } catch (IOException e) {
            throw failed("check for", name, e);
        }
    }

    /** The names in it, sorted; empty if it does not exist. IllegalArgumentException if it is a file. */
    public List<String> names() {
        try {
            if (!files.util().exists(path)) {
                return List.of();
            }
            if (files.getFileStatus(path).isFile()) {
                throw new IllegalArgumentException(this + " is a file; it must be a folder");
            }
            return Arrays.stream(files.util().listStatus(path))
                    .map(status -> status.getPath().getName())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw failed("list", "", e);
        }
    }

    /**
     * The content of a file.
     *
     * @throws BadDataException if it is missing, damaged, not a regular file, of 2 GiB or more, or too large for this JVM's heap
     */
    public byte[] read(String name) {
        Path file = new Path(path, name);
        RegularFiles.refuseSpecial("file", file);
        try {
            FileStatus status = files.getFileStatus(file);
            if (status.isDirectory() || status.getLen() > Integer.MAX_VALUE - 8) {
                throw new BadDataException(place(name) + " must be a file of less than 2 GiB");
            }
            // The stream's buffers and the resulting array coexist.
            long limit = Runtime.getRuntime().maxMemory() / 2;
            if (status.getLen() > limit) {
                throw new BadDataException(place(name) + " has " + status.getLen()
                        + " bytes; with the memory that this JVM may use (-Xmx), it may have " + limit);
            }
            try (FSDataInputStream in = files.open(file)) {
                return in.readAllBytes();
            }
        } catch (FileNotFoundException e) {
            throw new BadDataException(place(name) + " is missing", e);
        } catch (ChecksumException | BlockMissingException e) {
            throw new BadDataException(place(name) + " is damaged: " + reason(e), e);
        } catch (FSError e) {
            throw failed("read", name, cause(e));
        } catch (IOException e) {
            throw failed("read", name, e);
        }
    }

    /** The content of a small file; empty if it does not exist. */
    public Optional<byte[]> find(String name) {
        try (FSDataInputStream in = files.open(new Path(path, name))) {
            return Optional.of(in.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("read", name, e);
        }
    }

    /** The modification time of a file by the file system's clock; empty if it does not exist. */
    public Optional<Instant> written(String name) {
        try {
            return Optional.of(Instant.ofEpochMilli(
                    files.getFileStatus(new Path(path, name)).getModificationTime()));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("read the status of", name, e);
        }
    }

    /** Creates a new file; returns false if it exists. Of several concurrent calls exactly one returns true. */
    public boolean createNew(String name, byte[] content) {
        ensureWritable();
        try {
            operations.create(new Path(path, name), content);
            return true;
        } catch (org.apache.hadoop.fs.FileAlreadyExistsException | FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /**
     * Throws IllegalArgumentException if one of the files exists, so that nothing of the user's is overwritten.
     *
     * @param option the command-line option that names the directory or file, for the message
     */
    public void refuseExisting(String option, List<String> names) {
        for (String name : names) {
            if (has(name)) {
                throw new IllegalArgumentException(
                        option + ": " + place(name) + " exists; it must be a file that is not there yet");
            }
        }
    }

    /**
     * Replaces or creates a file; missing parents are created. The file is durable when this returns; a power cut before
     * that leaves the previous content.
     */
    public void replace(String name, byte[] content) {
        put(name, content, FileOperations.Durability.SYNCED);
        sync();
    }

    /** Replaces several files one after the other; all are durable when this returns. */
    public void replaceAll(SortedMap<String, byte[]> contents) {
        contents.forEach((name, content) -> put(name, content, FileOperations.Durability.SYNCED));
        sync();
    }

    /** Replaces a file that is rewritten often, without syncing it: a power cut may lose its content. */
    public void replaceUnsynced(String name, byte[] content) {
        put(name, content, FileOperations.Durability.CACHED);
    }

    private void put(String name, byte[] content, FileOperations.Durability durability) {
        ensureWritable();
        Path file = new Path(path, name);
        try {
            if (operations.replacesByRenaming()) {
                Path temporary = new Path(path, "." + name + ".new");
                operations.write(temporary, content, durability);
                operations.rename(temporary, file);
            } else {
                operations.write(file, content, durability);
            }
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /**
     * Overwrites an existing file in place, for a disk that has no space for another file. A concurrent reader may see a
     * mixture of old and new bytes.
     *
     * @return whether it was written
     */
    public boolean overwrite(String name, byte[] content) {
        ensureWritable();
        try {
            operations.overwrite(new Path(path, name), content);
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Makes the names of its files and subdirectories durable. */
    public void sync() {
        try {
            operations.syncFolder(path);
        } catch (IOException e) {
            throw failed("sync", "", e);
        }
    }

    /** Opens a new file for appending, in place of an existing one. */
    public FSDataOutputStream createStream(String name) {
        ensureWritable();
        try {
            return operations.createStream(new Path(path, name));
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** Opens an existing file for appending; empty if the file system cannot append. */
    public Optional<FSDataOutputStream> append(String name) {
        ensureWritable();
        try {
            return Optional.of(operations.append(new Path(path, name)));
        } catch (UnsupportedOperationException | IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Moves a file of known content over another; where rename is not atomic, the content is written to the target instead.
     */
    public void moveOver(String from, String to, byte[] content) {
        if (operations.replacesByRenaming()) {
            rename(from, to);
        } else {
            replace(to, content);
            remove(from);
        }
    }

    /** Renames a file or directory; a file at the target is replaced, a directory must not exist there. */
    public void rename(String from, String to) {
        ensureWritable();
        try {
            operations.rename(new Path(path, from), new Path(path, to));
        } catch (IOException e) {
            throw failed("rename to " + to, from, e);
        }
    }

    /** Deletes a file, or a directory with its content, if it exists. */
    public void remove(String name) {
        ensureWritable();
        try {
            if (has(name)) {
                operations.delete(new Path(path, name));
            }
        } catch (IOException e) {
            throw failed("remove", name, e);
        }
    }

    /** The IOException in an FSError, which Hadoop's local file system throws for example when a disk is full. */
    public static IOException cause(FSError error) {
        return error.getCause() instanceof IOException cause ? cause : new IOException(error);
    }

    private UncheckedIOException failed(String verb, String name, IOException e) {
        return new UncheckedIOException(
                "cannot " + verb + " " + (name.isEmpty() ? this : place(name)) + ": " + reason(e), e);
    }

    /** A readable reason: java.nio's messages are only paths when the exception's type is the reason. */
    private static String reason(IOException e) {
        if (e instanceof FileSystemException failure && failure.getReason() != null) {
            return failure.getReason();
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "No such file or folder";
        }
        if (e instanceof NotDirectoryException) {
            return e.getMessage() + " is a file and must be a folder";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
