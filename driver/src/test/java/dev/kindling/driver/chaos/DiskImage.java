package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Simulates a power cut with an ext4 file system in an image file. The operating system buffers unsynced data in
 * memory, and the image contains only synced data: a copy of the image is the state of the disk after a power cut.
 *
 * @param file the image
 * @param mount folder where the file system is mounted
 */
record DiskImage(Path file, Path mount) implements AutoCloseable {
    private static final long BYTES = 96L << 20;

    /** Without the long commit interval the file system would sync its metadata every five seconds. */
    private static final String OPTIONS = "loop,commit=600";

    static boolean isPossible(Path folder) {
        DiskImage disk = at(folder);
        boolean possible = disk.make();
        if (possible) {
            disk.close();
        }
        return possible;
    }

    /** Creates and mounts an empty file system in a folder. */
    static DiskImage in(Path folder) {
        DiskImage disk = at(folder);
        Fault.unless(disk.make(), "the disk " + disk.file + " cannot be made");
        return disk;
    }

    private static DiskImage at(Path folder) {
        return new DiskImage(folder.resolve("disk.img"), folder.resolve("disk"));
    }

    private boolean make() {
        try {
            Files.createDirectories(mount);
            Files.deleteIfExists(file);
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.setLength(BYTES);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Processes.run(List.of("mkfs.ext4", "-q", "-F", file.toString())) == 0 && tryMount();
    }

    private boolean tryMount() {
        return Processes.run(List.of("mount", "-o", OPTIONS, file.toString(), mount.toString())) == 0;
    }

    private Path remembered() {
        return file.resolveSibling("remembered.img");
    }

    /** Copies the image, hence all data that is synced at this moment. */
    void remember() {
        try {
            Files.copy(file, remembered(), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Replaces the file system by the copied image, which is its state after a power cut at that moment. */
    void losePower() {
        Fault.unless(
                Processes.run(List.of("umount", mount.toString())) == 0, "the disk " + mount + " cannot be unmounted");
        try {
            Files.move(remembered(), file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Fault.unless(tryMount(), "the disk " + file + " cannot be mounted after the power cut");
    }

    @Override
    public void close() {
        Processes.run(List.of("umount", mount.toString()));
        file.toFile().delete();
    }
}
