package dev.kindling.driver.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under the scheme {@code troubled}, which fails when a test wants it to, and which like an object store
 * cannot append and shows a file when it is closed. Tests of one JVM run one after the other.
 */
public final class TroubledFileSystem extends DelegateToFileSystem {
    /** What is wrong with writing a file; empty if nothing is. */
    private static volatile Function<String, Optional<String>> trouble = name -> Optional.empty();

    /** As Hadoop makes it. */
    public TroubledFileSystem(URI uri, Configuration settings) throws IOException, URISyntaxException {
        super(uri, new Disk(), settings, "troubled", false);
    }

    @Override
    public int getUriDefaultPort() {
        return -1;
    }

    /** Makes the scheme known to the commands of this JVM. */
    static void install() {
        System.setProperty("spark.hadoop.fs.AbstractFileSystem.troubled.impl", TroubledFileSystem.class.getName());
    }

    static void uninstall() {
        works();
        System.clearProperty("spark.hadoop.fs.AbstractFileSystem.troubled.impl");
    }

    /** From now on writing fails where the function gives a message for a file's name; what was begun is half written. */
    static void fails(Function<String, Optional<String>> how) {
        trouble = how;
    }

    /** From now on nothing fails. */
    static void works() {
        trouble = name -> Optional.empty();
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
            FSDataOutputStream out =
                    super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
            return new FSDataOutputStream(new Half(out, file.getName()), null);
        }

        @Override
        public FSDataOutputStream append(Path file, int bufferSize, Progressable progress) throws IOException {
            throw new UnsupportedOperationException("append is not supported by troubled");
        }
    }

    private static final class Half extends FilterOutputStream {
        private final String name;

        private Half(FSDataOutputStream out, String name) {
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
    }
}
