package dev.kindling.driver.checkpoint;

import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.RegularFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hdfs.BlockMissingException;

/**
 * A directory on any Hadoop file system in which files appear whole or not at all: each is written beside, under a name
 * that begins with a dot, and renamed, where renaming replaces in one step; on other file systems, such as object stores,
 * it is written in place and appears when it is closed. On the local file system no {@code .crc} files lie beside them. A file system that
 * fails throws UncheckedIOException with one sentence.
 */
public final class Folder {
    /** The schemes, beside that of the local disk, where a rename replaces a file in one step. */
    private static final Set<String> RENAMING = Set.of("hdfs", "viewfs");

    private final FileContext files;
    private final Path path;
    private final Runnable permission;

    private Folder(FileContext files, Path path, Runnable permission) {
        this.files = files;
        this.path = path;
        this.permission = permission;
    }

    /**
     * The folder at a place, which need not be there.
     *
     * @param place a URI of any file system that Hadoop knows, or a path
     * @throws IllegalArgumentException if its scheme is unknown
     */
    public static Folder at(String place, Configuration hadoop) {
        Configuration settings = new Configuration(hadoop);
        settings.set("fs.AbstractFileSystem.file.impl", "org.apache.hadoop.fs.local.RawLocalFs");
        try {
            Path path = new Path(place);
            URI uri = path.toUri();
            FileContext files = uri.getScheme() == null
                    ? FileContext.getFileContext(settings)
                    : FileContext.getFileContext(uri, settings);
            return new Folder(files, files.makeQualified(path), () -> {});
        } catch (UnsupportedFileSystemException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the folder is " + place + "; it must be a path or a URI of a file system that Hadoop knows", e);
        }
    }

    /** The folder that a file lies in, which need not be there; IllegalArgumentException as {@link #at}. */
    public static Folder of(String file, Configuration hadoop) {
        Path parent = new Path(file).getParent();
        return at(parent == null || parent.toString().isEmpty() ? "." : parent.toString(), hadoop);
    }

    /** The folder of the given name in this one. */
    public Folder child(String name) {
        return new Folder(files, new Path(path, name), permission);
    }

    /**
     * The same folder for one who may write only as long as somebody permits it.
     *
     * @param permission is run before each change, and throws where it is refused
     */
    public Folder permittedBy(Runnable permission) {
        return new Folder(files, path, permission);
    }

    /** Asks whether it may be changed; throws where it may not. */
    public void permit() {
        permission.run();
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
            // A pipe or device has no length, and perhaps no end.
            boolean regular = !status.isDirectory() && (!local() || Files.isRegularFile(local(file)));
            if (!regular || status.getLen() > Integer.MAX_VALUE - 8) {
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
    Optional<byte[]> find(String name) {
        try (FSDataInputStream in = files.open(new Path(path, name))) {
            return Optional.of(in.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("read", name, e);
        }
    }

    /** When a file was last written, by the clock of its file system; empty if it is not there. */
    Optional<Instant> written(String name) {
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
    boolean createNew(String name, byte[] content) {
        permit();
        try (OutputStream out = createNew(new Path(path, name))) {
            writeOrRemove(out, content, name);
            return true;
        } catch (org.apache.hadoop.fs.FileAlreadyExistsException | FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** Hadoop's own local file system looks first and creates then. */
    private OutputStream createNew(Path file) throws IOException {
        if (local()) {
            makeLocalFolder();
            return Files.newOutputStream(local(file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }
        return files.create(file, EnumSet.of(CreateFlag.CREATE), Options.CreateOpts.createParent());
    }

    private void writeOrRemove(OutputStream out, byte[] content, String name) throws IOException {
        try {
            out.write(content);
            out.flush();
        } catch (IOException e) {
            files.delete(new Path(path, name), false);
            throw e;
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

    /** Puts a file in place of what had its name; folders above it are made. */
    public void replace(String name, byte[] content) {
        permit();
        Path beside = new Path(path, "." + name + ".new");
        try {
            if (local()) {
                // Hadoop would start a chmod process for each file.
                makeLocalFolder();
                Files.write(local(beside), content);
                move(beside, new Path(path, name));
            } else if (RENAMING.contains(path.toUri().getScheme())) {
                write(beside, content);
                move(beside, new Path(path, name));
            } else {
                write(new Path(path, name), content);
            }
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    private void write(Path file, byte[] content) throws IOException {
        FSDataOutputStream out = files.create(
                file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent());
        try {
            out.write(content);
        } catch (IOException e) {
            abandon(out);
            throw e;
        }
        out.close();
    }

    /** An object store would put half a file in place if the stream were only closed. */
    private static void abandon(FSDataOutputStream out) throws IOException {
        if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
            out.abort();
        } else {
            out.close();
        }
    }

    private void makeLocalFolder() throws IOException {
        try {
            Files.createDirectories(local(path));
        } catch (FileAlreadyExistsException e) {
            throw new NotDirectoryException(e.getFile());
        }
    }

    /** Begins a file that grows line by line; what had its name is lost. */
    OutputStream grow(String name) {
        permit();
        try {
            return files.create(
                    new Path(path, name),
                    EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE),
                    Options.CreateOpts.createParent());
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** A file that grows on from its end; empty where the file system cannot append. */
    Optional<OutputStream> append(String name) {
        permit();
        try {
            return Optional.of(files.create(new Path(path, name), EnumSet.of(CreateFlag.APPEND)));
        } catch (UnsupportedOperationException | IOException e) {
            return Optional.empty();
        }
    }

    /** Gives a file another name, if it is there: of several who try at once one succeeds. */
    boolean renameIfThere(String from, String to) {
        permit();
        try {
            move(new Path(path, from), new Path(path, to));
            return true;
        } catch (FileNotFoundException | NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw failed("rename to " + to, from, e);
        }
    }

    /** Gives a file or folder another name; a file of that name is replaced, a folder must not be there. */
    void rename(String from, String to) {
        permit();
        try {
            move(new Path(path, from), new Path(path, to));
        } catch (IOException e) {
            throw failed("rename to " + to, from, e);
        }
    }

    private void move(Path from, Path to) throws IOException {
        if (local()) {
            // Hadoop removes the old file first; the operating system replaces it in one step.
            Files.move(local(from), local(to), StandardCopyOption.ATOMIC_MOVE);
        } else {
            files.rename(from, to, Options.Rename.OVERWRITE);
        }
    }

    private static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    /** Removes a file or a folder with all that is in it; nothing happens where there is none. */
    void remove(String name) {
        permit();
        try {
            if (has(name)) {
                files.delete(new Path(path, name), true);
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
