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
 * File operations on Hadoop file systems other than the local disk. Names are durable once they are created; content is
 * durable after {@code hsync} where streams support it, as on HDFS, or after close, as on object stores.
 */
final class HadoopFileOperations extends FileContextOperations {
    /** The schemes of file systems whose rename replaces a file atomically. */
    private static final Set<String> ATOMIC_RENAME = Set.of("hdfs", "viewfs");

    private final boolean atomicRename;

    HadoopFileOperations(FileContext files, String scheme) {
        super(files);
        this.atomicRename = ATOMIC_RENAME.contains(scheme);
    }

    @Override
    public void makeFolder(Path folder) throws IOException {
        files().mkdir(folder, FileContext.DEFAULT_PERM, true);
    }

    @Override
    public void create(Path file, byte[] content) throws IOException {
        FSDataOutputStream out = open(file, EnumSet.of(CreateFlag.CREATE), Durability.SYNCED);
        try (out) {
            out.write(content);
            sync(out);
        } catch (IOException e) {
            files().delete(file, false);
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
            abort(out);
            throw e;
        }
        out.close();
    }

    private FSDataOutputStream open(Path file, EnumSet<CreateFlag> flags, Durability durability) throws IOException {
        if (atomicRename && durability == Durability.SYNCED) {
            // hsync covers the last block of a file only; this flag covers the blocks before it.
            flags.add(CreateFlag.SYNC_BLOCK);
        }
        return files().create(file, flags, Options.CreateOpts.createParent());
    }

    private static void sync(FSDataOutputStream out) throws IOException {
        if (out.hasCapability(StreamCapabilities.HSYNC)) {
            out.hsync();
        }
    }

    /** Closing the stream would publish a partial file on an object store. */
    private static void abort(FSDataOutputStream out) throws IOException {
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
    public boolean replacesByRenaming() {
        return atomicRename;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        files().rename(from, to, Options.Rename.OVERWRITE);
    }

    @Override
    public void syncFolder(Path folder) {
        // Name nodes and object stores have persisted a name when the call returns.
    }
}
