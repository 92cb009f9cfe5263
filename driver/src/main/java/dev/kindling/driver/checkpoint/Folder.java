package dev.kindling.driver.checkpoint;

import dev.kindling.job.task.BadDataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * A directory on any Hadoop file system in which files appear whole or not at all: each is written beside, under a name
 * that begins with a dot, and renamed. On the local file system no {@code .crc} files lie beside them. A file system that
 * fails throws UncheckedIOException with one sentence.
 */
public final class Folder {
    private final FileContext files;
    private final Path path;

    private Folder(FileContext files, Path path) {
        this.files = files;
        this.path = path;
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
            return new Folder(files, files.makeQualified(path));
        } catch (UnsupportedFileSystemException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the folder is " + place + "; it must be a path or a URI of a file system that Hadoop knows", e);
        }
    }

    /** The folder of the given name in this one. */
    public Folder child(String name) {
        return new Folder(files, new Path(path, name));
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

    /** Whether nothing lies in it; true where it is not there. IllegalArgumentException if it is a file. */
    public boolean isEmpty() {
        try {
            if (!files.util().exists(path)) {
                return true;
            }
            if (files.getFileStatus(path).isFile()) {
                throw new IllegalArgumentException(this + " is a file; it must be a folder");
            }
            return !files.listStatus(path).hasNext();
        } catch (IOException e) {
            throw failed("list", "", e);
        }
    }

    /**
     * The bytes of a file.
     *
     * @throws BadDataException if it is not there, is a folder or has 2 GiB or more
     */
    public byte[] read(String name) {
        Path file = new Path(path, name);
        try {
            FileStatus status = files.getFileStatus(file);
            if (status.isDirectory() || status.getLen() > Integer.MAX_VALUE - 8) {
                throw new BadDataException(place(name) + " must be a file of less than 2 GiB");
            }
            try (FSDataInputStream in = files.open(file)) {
                return in.readAllBytes();
            }
        } catch (FileNotFoundException e) {
            throw new BadDataException(place(name) + " is missing", e);
        } catch (IOException e) {
            throw failed("read", name, e);
        }
    }

    /** Puts a file in place of what had its name; folders above it are made. */
    public void replace(String name, byte[] content) {
        Path beside = new Path(path, "." + name + ".new");
        try {
            try (OutputStream out = files.create(
                    beside, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent())) {
                out.write(content);
            }
            move(beside, new Path(path, name));
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** Begins a file that grows line by line; what had its name is lost. */
    OutputStream grow(String name) {
        try {
            return files.create(
                    new Path(path, name),
                    EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE),
                    Options.CreateOpts.createParent());
        } catch (IOException e) {
            throw failed("write", name, e);
        }
    }

    /** Gives a file or folder another name; a file of that name is replaced, a folder must not be there. */
    void rename(String from, String to) {
        try {
            move(new Path(path, from), new Path(path, to));
        } catch (IOException e) {
            throw failed("rename to " + to, from, e);
        }
    }

    private void move(Path from, Path to) throws IOException {
        if (local()) {
            // Hadoop removes the old file first; the operating system replaces it in one step.
            Files.move(
                    java.nio.file.Path.of(from.toUri().getPath()),
                    java.nio.file.Path.of(to.toUri().getPath()),
                    StandardCopyOption.ATOMIC_MOVE);
        } else {
            files.rename(from, to, Options.Rename.OVERWRITE);
        }
    }

    /** Removes a file or a folder with all that is in it; nothing happens where there is none. */
    void remove(String name) {
        try {
            if (has(name)) {
                files.delete(new Path(path, name), true);
            }
        } catch (IOException e) {
            throw failed("remove", name, e);
        }
    }

    private UncheckedIOException failed(String verb, String name, IOException e) {
        return new UncheckedIOException(
                "cannot " + verb + " " + (name.isEmpty() ? this : place(name)) + ": " + e.getMessage(), e);
    }
}
