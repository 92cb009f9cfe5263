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
 * A directory on any Hadoop file system in which files appear whole or not at all: each is written beside, under a name
 * that begins with a dot, synced, and renamed, where renaming replaces in one step; on other file systems, such as object stores,
 * it is written in place and appears when it is closed. On the local file system no {@code .crc} files lie beside them. A file system that
 * fails throws UncheckedIOException with one sentence.
 */
public final class AtomicDirectory {
    private final FileContext files;
    private final FileOperations operations;
    private final Path path;
    private final Runnable guard;

    AtomicDirectory(FileContext files, FileOperations operations, Path path, Runnable permission) {
        this.files = files;
        this.operations = operations;
        this.path = path;
        this.guard = permission;
    }

    /**
     * The folder at a place, which need not be there.
     *
     * @param place a URI of any file system that Hadoop knows, or a path
     * @throws IllegalArgumentException if its scheme is unknown
     */
    public static AtomicDirectory at(String place, Configuration hadoop) {
        return at(place, hadoop, AtomicDirectory::changes);
    }

    /** The same where something else changes files: a test may keep a record of it. */
    static AtomicDirectory at(
            String place, Configuration hadoop, BiFunction<FileContext, Path, FileOperations> changes) {
        Configuration settings = new Configuration(hadoop);
        settings.set("fs.AbstractFileSystem.file.impl", "org.apache.hadoop.fs.local.RawLocalFs");
        try {
            Path path = new Path(place);
            URI uri = path.toUri();
            FileContext files = uri.getScheme() == null
                    ? FileContext.getFileContext(settings)
                    : FileContext.getFileContext(uri, settings);
            Path qualified = files.makeQualified(path);
            return new AtomicDirectory(files, changes.apply(files, qualified), qualified, () -> {});
        } catch (UnsupportedFileSystemException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the folder is " + place + "; it must be a path or a URI of a file system that Hadoop knows", e);
        }
    }

    private static FileOperations changes(FileContext files, Path path) {
        String scheme = path.toUri().getScheme();
        return isLocal(path) ? new LocalFileOperations(files) : new HadoopFileOperations(files, scheme);
    }

    /** The folder that a file lies in, which need not be there; IllegalArgumentException as {@link #at}. */
    public static AtomicDirectory of(String file, Configuration hadoop) {
        Path parent = new Path(file).getParent();
        return at(parent == null || parent.toString().isEmpty() ? "." : parent.toString(), hadoop);
    }

    /** The folder of the given name in this one. */
    public AtomicDirectory child(String name) {
        return new AtomicDirectory(files, operations, new Path(path, name), guard);
    }

    /**
     * The same folder for one who may write only as long as somebody permits it.
     *
     * @param permission is run before each change, and throws where it is refused
     */
    public AtomicDirectory guardedBy(Runnable permission) {
        return new AtomicDirectory(files, operations, path, permission);
    }

    /** Asks whether it may be changed; throws where it may not. */
    public void ensureWritable() {
        guard.run();
    }

    /** The last segment of its path. */
    public String name() {
        return path.getName();
    }

    /** Where a file of this folder is, as messages name it. */
    public String place(String name) {
        Path file = new Path(path, name);
        return local() ? file.toUri().getPath() : file.toString();
    }

    /** Where this folder is, as messages name it. */
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

    /** Whether there is a file or folder of this name in it. */
    public boolean has(String name) {
        try {
            return files.util().exists(new Path(path, name));
        } catch (IOException e) {
            throw failed("look for", name, e);
        }
    }

    /** The names in it, sorted; none where it is not there. IllegalArgumentException if it is a file. */
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
     * The bytes of a file.
     *
     * @throws BadDataException if it is not there, is damaged, is no regular file, has 2 GiB or more, or more than this JVM
     *     has memory for
     */
    public byte[] read(String name) {
        Path file = new Path(path, name);
        RegularFiles.refuseSpecial("file", file);
        try {
            FileStatus status = files.getFileStatus(file);
            if (status.isDirectory() || status.getLen() > Integer.MAX_VALUE - 8) {
                throw new BadDataException(place(name) + " must be a file of less than 2 GiB");
            }
            // The stream's parts and the array made of them are there at once.
            long most = Runtime.getRuntime().maxMemory() / 2;
            if (status.getLen() > most) {
                throw new BadDataException(place(name) + " has " + status.getLen()
                        + " bytes; with the memory that this JVM may use (-Xmx), it may have " + most);
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

    /** The bytes of a small file, if it is there. */
    public Optional<byte[]> find(String name) {
        try (FSDataInputStream in = files.open(new Path(path, name))) {
            return Optional.of(in.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("read", name, e);
        }
    }

    /** When a file was last written, by the clock of its file system; empty if it is not there. */
    public Optional<Instant> written(String name) {
        try {
            return Optional.of(Instant.ofEpochMilli(
                    files.getFileStatus(new Path(path, name)).getModificationTime()));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("look at", name, e);
        }
    }

    /** Makes a file that is not there yet; of several who try at once one succeeds. Says whether it was this one. */
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
     * Refuses, with IllegalArgumentException, to write files over what somebody else may have put there.
     *
     * @param option that names the folder or its file, for the message
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
     * Puts a file in place of what had its name; folders above it are made. When this returns it survives a power cut, and a
     * power cut on the way leaves what was there before.
     */
    public void replace(String name, byte[] content) {
        put(name, content, FileOperations.Durability.SYNCED);
        sync();
    }

    /** The same for several files, one after the other, which are all durable when this returns. */
    public void replaceAll(SortedMap<String, byte[]> contents) {
        contents.forEach((name, content) -> put(name, content, FileOperations.Durability.SYNCED));
        sync();
    }

    /** The same for a file that is written again and again: a power cut may leave nothing of it. */
    public void replaceUnsynced(String name, byte[] content) {
        put(name, content, FileOperations.Durability.CACHED);
    }

    private void put(String name, byte[] content, FileOperations.Durability durability) {
        ensureWritable();
        Path file = new Path(path, name);
        try {
            if (operations.replacesByRenaming()) {
                Path beside = new Path(path, "." + name + ".new");
                operations.write(beside, content, durability);
                operations.rename(beside, file);
            } else {
                operations.write(file, content, durability);
            }
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /**
     * Writes over the bytes of a file that is there, for a disk that has no room for another file. A reader may see both.
     *
     * @return whether that was possible
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

    /** Makes the names of its files and folders survive a power cut. */
    public void sync() {
        try {
            operations.syncFolder(path);
        } catch (IOException e) {
            throw failed("sync", "", e);
        }
    }

    /** Begins a file that grows line by line; what had its name is lost. */
    public FSDataOutputStream grow(String name) {
        ensureWritable();
        try {
            return operations.grow(new Path(path, name));
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** A file that grows on from its end; empty where the file system cannot append. */
    public Optional<FSDataOutputStream> append(String name) {
        ensureWritable();
        try {
            return Optional.of(operations.append(new Path(path, name)));
        } catch (UnsupportedOperationException | IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Gives a file of known content the name of another, in place of that; where a rename would remove the other first, the
     * content is written there anew.
     */
    public void moveOver(String from, String to, byte[] content) {
        if (operations.replacesByRenaming()) {
            rename(from, to);
        } else {
            replace(to, content);
            remove(from);
        }
    }

    /** Gives a file or folder another name; a file of that name is replaced, a folder must not be there. */
    public void rename(String from, String to) {
        ensureWritable();
        try {
            operations.rename(new Path(path, from), new Path(path, to));
        } catch (IOException e) {
            throw failed("rename to " + to, from, e);
        }
    }

    /** Removes a file or a folder with all that is in it; nothing happens where there is none. */
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

    /** What the local file system of Hadoop throws as an error of the JVM, such as a disk that is full. */
    public static IOException cause(FSError error) {
        return error.getCause() instanceof IOException cause ? cause : new IOException(error);
    }

    private UncheckedIOException failed(String verb, String name, IOException e) {
        return new UncheckedIOException(
                "cannot " + verb + " " + (name.isEmpty() ? this : place(name)) + ": " + reason(e), e);
    }

    /** In words: messages of the operating system's failures are only paths where there is no reason beside the type. */
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
