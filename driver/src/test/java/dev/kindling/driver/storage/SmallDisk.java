package dev.kindling.driver.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** The local disk with a limited capacity, in blocks of 4 KiB. */
public final class SmallDisk {
    private static final long BLOCK = 4096;

    private final java.nio.file.Path root;
    private volatile long capacity = Long.MAX_VALUE;

    /** A disk without a limit. */
    public SmallDisk(java.nio.file.Path root) {
        this.root = root;
    }

    /** Sets the capacity to the space that is used now. */
    public void fill() throws IOException {
        capacity = used();
    }

    /** A folder on the disk. */
    public AtomicDirectory folder(String name) {
        return AtomicDirectory.at(
                root.resolve(name).toString(),
                new Configuration(),
                (files, path) -> new Full(new LocalFileOperations(files)));
    }

    private static long blocks(long bytes) {
        return (bytes + BLOCK - 1) / BLOCK;
    }

    private long used() throws IOException {
        try (Stream<java.nio.file.Path> files = Files.walk(root)) {
            return files.mapToLong(file ->
                            Files.isRegularFile(file) ? blocks(file.toFile().length()) : 0)
                    .sum();
        }
    }

    private void require(long blocks) throws IOException {
        if (blocks > 0 && used() + blocks > capacity) {
            throw new IOException("No space left on device");
        }
    }

    private final class Full implements FileOperations {
        private final FileOperations disk;

        Full(FileOperations disk) {
            this.disk = disk;
        }

        @Override
        public void makeFolder(Path folder) throws IOException {
            disk.makeFolder(folder);
        }

        @Override
        public void create(Path file, byte[] content) throws IOException {
            require(blocks(content.length));
            disk.create(file, content);
        }

        @Override
        public void write(Path file, byte[] content, Durability durability) throws IOException {
            require(blocks(content.length));
            disk.write(file, content, durability);
        }

        @Override
        public void overwrite(Path file, byte[] content) throws IOException {
            require(blocks(content.length)
                    - blocks(java.nio.file.Path.of(file.toUri().getPath())
                            .toFile()
                            .length()));
            disk.overwrite(file, content);
        }

        @Override
        public FSDataOutputStream createStream(Path file) throws IOException {
            return limited(disk.createStream(file));
        }

        @Override
        public FSDataOutputStream append(Path file) throws IOException {
            return limited(disk.append(file));
        }

        private FSDataOutputStream limited(FSDataOutputStream out) throws IOException {
            return new FSDataOutputStream(
                    new OutputStream() {
                        @Override
                        public void write(int one) throws IOException {
                            // Requires a further block, as if the last one were always full.
                            require(1);
                            out.write(one);
                        }

                        @Override
                        public void close() throws IOException {
                            out.close();
                        }
                    },
                    null);
        }

        @Override
        public boolean replacesByRenaming() {
            return disk.replacesByRenaming();
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(Path path) throws IOException {
            disk.delete(path);
        }

        @Override
        public void syncFolder(Path folder) throws IOException {
            disk.syncFolder(folder);
        }
    }
}
