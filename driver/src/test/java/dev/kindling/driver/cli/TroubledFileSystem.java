package dev.kindling.driver.cli;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.BlockMissingException;
import org.apache.hadoop.util.Progressable;

/**
 * A local file system with the scheme {@code troubled} whose writes fail on request. Like an object store, it does not
 * support append, shows a file only when it is closed, and has no atomic rename. Its state is static: tests that use it
 * in one JVM run sequentially.
 */
public final class TroubledFileSystem extends DelegateToFileSystem {
    /** The error of writing a file by its name; empty if writing succeeds. */
    private static volatile Function<String, Optional<String>> trouble = name -> Optional.empty();

    /** The paths whose blocks are lost. */
    private static volatile Predicate<String> damaged = path -> false;

    private static volatile boolean shows;

    /** Called by Hadoop through reflection. */
    public TroubledFileSystem(URI uri, Configuration settings) throws IOException, URISyntaxException {
        super(uri, new Disk(), settings, "troubled", false);
    }

    @Override
    public int getUriDefaultPort() {
        return -1;
    }

    /** Registers the scheme for the commands of this JVM. */
    static void install() {
        System.setProperty("spark.hadoop.fs.AbstractFileSystem.troubled.impl", TroubledFileSystem.class.getName());
    }

    static void uninstall() {
        works();
        System.clearProperty("spark.hadoop.fs.AbstractFileSystem.troubled.impl");
    }

    /** From now on writing fails with the message that the function returns for a file's name; files being written stay incomplete. */
    static void fails(Function<String, Optional<String>> how) {
        trouble = how;
    }

    /** From now on reading files at such paths reports damage. */
    static void damages(Predicate<String> paths) {
        damaged = paths;
    }

    /** From now on flushed data can be read at once, as on HDFS; closing fails. */
    static void showsWhatIsFlushed() {
        shows = true;
    }

    /** From now on nothing fails. */
    static void works() {
        trouble = name -> Optional.empty();
        damaged = path -> false;
        shows = false;
    }

    private static final class Disk extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("troubled:///");
        }

        @Override
        public String getScheme() {
            return "troubled";
        }

        @Override
        public FSDataOutputStream create(
                Path file,
                FsPermission permission,
                boolean overwrite,
                int bufferSize,
                short replication,
                long blockSize,
                Progressable progress)
                throws IOException {
            OutputStream disk = overwrite && !shows
                    ? new AtClose(
                            () -> super.create(file, permission, true, bufferSize, replication, blockSize, progress))
                    : super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
            return new FSDataOutputStream(new Half(disk, file.getName()), null);
        }

        @Override
        public FSDataInputStream open(Path file, int bufferSize) throws IOException {
            if (damaged.test(file.toString())) {
                throw new BlockMissingException(file.toString(), "Could not obtain block", 0);
            }
            return super.open(file, bufferSize);
        }

        @Override
        public boolean rename(Path from, Path to) throws IOException {
            if (getFileStatus(from).isFile()) {
                throw new IOException("renaming " + from + " would leave a moment without " + to);
            }
            return super.rename(from, to);
        }

        @Override
        public FSDataOutputStream append(Path file, int bufferSize, Progressable progress) throws IOException {
            throw new UnsupportedOperationException("append is not supported by troubled");
        }
    }

    /** An action that may throw IOException. */
    private interface Opening {
        OutputStream open() throws IOException;
    }

    /** Makes a file visible when it is closed. */
    private static final class AtClose extends ByteArrayOutputStream {
        private final Opening place;

        private AtClose(Opening place) {
            this.place = place;
        }

        @Override
        public void close() throws IOException {
            try (OutputStream out = place.open()) {
                writeTo(out);
            }
        }
    }

    private static final class Half extends FilterOutputStream implements StreamCapabilities, Abortable {
        private final String name;
        private boolean aborted;

        private Half(OutputStream out, String name) {
            super(out);
            this.name = name;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Optional<String> problem = trouble.apply(name);
            out.write(bytes, offset, problem.isPresent() ? length / 2 : length);
            if (problem.isPresent()) {
                throw new IOException(problem.get());
            }
        }

        @Override
        public boolean hasCapability(String capability) {
            return capability.equals(StreamCapabilities.ABORTABLE_STREAM)
                    || (shows && capability.equals(StreamCapabilities.HSYNC));
        }

        @Override
        public AbortableResult abort() {
            aborted = true;
            return new AbortableResult() {
                @Override
                public boolean alreadyClosed() {
                    return false;
                }

                @Override
                public IOException anyCleanupException() {
                    return null;
                }
            };
        }

        @Override
        public void close() throws IOException {
            if (!aborted) {
                out.close();
            }
            if (shows && name.startsWith("metrics")) {
                throw new IOException("lease expired");
            }
        }
    }
}
