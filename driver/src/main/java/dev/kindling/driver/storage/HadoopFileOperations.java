package dev.kindling.driver.storage;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * Changes on a file system of Hadoop's other than the local disk. Names are durable when they are made there; content is
 * where a stream can {@code hsync} it, as HDFS does, or when it is closed, as on object stores.
 */
final class HadoopFileOperations implements FileOperations {
    /** The schemes where a rename replaces a file in one step. */
    private static final Set<String> RENAMING = Set.of("hdfs", "viewfs");

    private final FileContext files;
    private final boolean renaming;

    HadoopFileOperations(FileContext files, String scheme) {
        this.files = files;
        this.renaming = RENAMING.contains(scheme);
    }

    @Override
    public void makeFolder(Path folder) throws IOException {
        files.mkdir(folder, FileContext.DEFAULT_PERM, true);
    }

    @Override
    public void create(Path file, byte[] content) throws IOException {
        FSDataOutputStream out = open(file, EnumSet.of(CreateFlag.CREATE), Durability.SYNCED);
        try (out) {
            out.write(content);
            sync(out);
        } catch (IOException e) {
            files.delete(file, false);
            throw e;
        }
    }

    @Override
    public void write(Path file, byte[] content, Durability durability) throws IOException {
        FSDataOutputStream out = open(file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), durability);
        try {
            out.write(content);
            if (durability == Durability.SYNCED) {
                sync(out);
            }
        } catch (IOException e) {
            abandon(out);
            throw e;
        }
        out.close();
    }

    private FSDataOutputStream open(Path file, EnumSet<CreateFlag> flags, Durability durability) throws IOException {
        if (renaming && durability == Durability.SYNCED) {
            // What hsync does for the last block of a file, this does for those before it.
            flags.add(CreateFlag.SYNC_BLOCK);
        }
        return files.create(file, flags, Options.CreateOpts.createParent());
    }

    private static void sync(FSDataOutputStream out) throws IOException {
        if (out.hasCapability(StreamCapabilities.HSYNC)) {
            out.hsync();
        }
    }

    /** An object store would put half a file in place if the stream were only closed. */
    private static void abandon(FSDataOutputStream out) throws IOException {
        if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
            out.abort();
        } else {
            out.close();
        }
    }

    @Override
    public void overwrite(Path file, byte[] content) {
        throw new UnsupportedOperationException(file + " cannot be changed in place");
    }

    @Override
    public FSDataOutputStream grow(Path file) throws IOException {
        return files.create(
                file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent());
    }

    @Override
    public FSDataOutputStream append(Path file) throws IOException {
        return files.create(file, EnumSet.of(CreateFlag.APPEND));
    }

    @Override
    public boolean replacesByRenaming() {
        return renaming;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        files.rename(from, to, Options.Rename.OVERWRITE);
    }

    @Override
    public void delete(Path path) throws IOException {
        files.delete(path, true);
    }

    @Override
    public void syncFolder(Path folder) {
        // A name node or an object store has written a name down when it answers.
    }
}
