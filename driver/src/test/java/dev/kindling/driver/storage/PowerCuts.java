package dev.kindling.driver.storage;

import dev.kindling.driver.checkpoint.RunLock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.Syncable;
import org.jspecify.annotations.Nullable;

/**
 * Simulates power cuts on a folder of the local disk: records, after every step of every change, the possible states of a disk
 * that retains synced data and may lose the rest. Thread-safe.
 */
public final class PowerCuts {
    /** The fate of data that was not synced. */
    private enum Disk {
        /** All of it is lost. */
        LOSES_EVERYTHING,
        /** Names survive, the files' new content is lost. */
        HAS_NAMES_ONLY,
        /** Of each folder the first few changes survive, of each file the synced content, all of it or half. */
        HAS_ANYTHING
    }

    private static final int DRAWS = 1;

    /**
     * The files after a power cut.
     *
     * @param files content by path below the folder; a path that ends in a slash is a folder
     * @param reported what had been reported before the cut
     */
    public record Remains(SortedMap<String, byte[]> files, long reported) {
        /** Writes the files to a new folder, without the lock, whose owner died with the machine. */
        public void putInto(java.nio.file.Path folder) {
            try {
                Files.createDirectories(folder);
                for (Map.Entry<String, byte[]> file : files.entrySet()) {
                    java.nio.file.Path path = folder.resolve(file.getKey());
                    if (file.getKey().endsWith("/")) {
                        Files.createDirectories(path);
                    } else if (!path.getFileName().toString().startsWith(RunLock.NAME)) {
                        Files.write(path, file.getValue());
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A file or folder. */
    private static sealed class Node {}

    private static final class FileNode extends Node {
        private byte[] synced = new byte[0];
        private byte[] current = new byte[0];
    }

    private static final class FolderNode extends Node {
        /** The names as they were last synced, and after each change since then. */
        private List<Map<String, Node>> states = new ArrayList<>(List.of(Map.of()));

        Map<String, Node> current() {
            return states.get(states.size() - 1);
        }

        void change(String name, @Nullable Node node) {
            Map<String, Node> next = new LinkedHashMap<>(current());
            if (node == null) {
                next.remove(name);
            } else {
                next.put(name, node);
            }
            states.add(next);
        }
    }

    private final java.nio.file.Path root;
    private final LongSupplier reported;
    private final FolderNode top = new FolderNode();
    private final Map<String, Remains> remains = new LinkedHashMap<>();
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(20261128);
    private int steps;

    /**
     * A simulation that starts with an empty folder.
     *
     * @param reported returns the progress that the writer has reported as durable so far
     */
    public PowerCuts(java.nio.file.Path root, LongSupplier reported) {
        this.root = root;
        this.reported = reported;
    }

    /** A subfolder whose changes are recorded. */
    public AtomicDirectory folder(String name) {
        return AtomicDirectory.at(
                root.resolve(name).toString(),
                new Configuration(),
                (files, path) -> new Recorded(new LocalFileOperations(files)));
    }

    /** The number of steps of all changes so far. */
    public synchronized int steps() {
        return steps;
    }

    /** The distinct states after all possible cuts, each with the largest progress that was reported before a cut to it. */
    public synchronized List<Remains> remains() {
        return List.copyOf(remains.values());
    }

    private FolderNode parent(Path path) {
        return (FolderNode) node(path.getParent());
    }

    private @Nullable Node node(Path path) {
        @Nullable Node node = top;
        for (java.nio.file.Path name :
                root.relativize(java.nio.file.Path.of(path.toUri().getPath()))) {
            if (!name.toString().isEmpty()) {
                node = node instanceof FolderNode folder ? folder.current().get(name.toString()) : null;
            }
        }
        return node;
    }

    /** Records the states after a cut at this point. */
    private void step() {
        steps++;
        record(Disk.LOSES_EVERYTHING);
        record(Disk.HAS_NAMES_ONLY);
        for (int i = 0; i < DRAWS; i++) {
            record(Disk.HAS_ANYTHING);
        }
    }

    private void record(Disk disk) {
        SortedMap<String, byte[]> files = new TreeMap<>();
        collect("", top, disk, files);
        StringBuilder key = new StringBuilder();
        files.forEach((name, content) -> key.append(name)
                .append(' ')
                .append(org.apache.commons.codec.digest.DigestUtils.sha256Hex(content))
                .append('\n'));
        Remains now = new Remains(files, reported.getAsLong());
        remains.merge(key.toString(), now, (a, b) -> a.reported() >= b.reported() ? a : b);
    }

    private void collect(String prefix, FolderNode folder, Disk disk, SortedMap<String, byte[]> files) {
        Map<String, Node> names = folder.states.get(
                switch (disk) {
                    case LOSES_EVERYTHING -> 0;
                    case HAS_NAMES_ONLY -> folder.states.size() - 1;
                    case HAS_ANYTHING -> random.nextInt(folder.states.size());
                });
        names.forEach((name, node) -> {
            if (node instanceof FolderNode inner) {
                files.put(prefix + name + "/", new byte[0]);
                collect(prefix + name + "/", inner, disk, files);
            } else if (node instanceof FileNode file) {
                files.put(prefix + name, content(file, disk));
            }
        });
    }

    private byte[] content(FileNode file, Disk disk) {
        if (disk != Disk.HAS_ANYTHING || Arrays.equals(file.synced, file.current)) {
            return file.synced;
        }
        return switch (random.nextInt(3)) {
            case 0 -> file.synced;
            case 1 -> file.current;
            default -> {
                // The synced part of a file that has grown survives in any case.
                boolean grown = Arrays.mismatch(file.synced, file.current) == file.synced.length;
                int retained = grown ? file.synced.length : 0;
                yield Arrays.copyOf(file.current, retained + (file.current.length - retained) / 2);
            }
        };
    }

    /** Performs each operation on the disk and records its steps in the nodes. */
    private final class Recorded implements FileOperations {
        private final FileOperations disk;

        Recorded(FileOperations disk) {
            this.disk = disk;
        }

        @Override
        public void makeFolder(Path folder) throws IOException {
            synchronized (PowerCuts.this) {
                disk.makeFolder(folder);
                noteFolder(folder);
            }
        }

        private void noteFolder(Path folder) {
            if (node(folder) == null) {
                noteFolder(folder.getParent());
                parent(folder).change(folder.getName(), new FolderNode());
                step();
                noteSynced(folder.getParent());
            }
        }

        private void noteSynced(Path folder) {
            FolderNode node = (FolderNode) node(folder);
            node.states = new ArrayList<>(List.of(node.current()));
            step();
        }

        @Override
        public void create(Path file, byte[] content) throws IOException {
            synchronized (PowerCuts.this) {
                disk.create(file, content);
                noteFolder(file.getParent());
                noteContent(file, content, Durability.SYNCED);
                noteSynced(file.getParent());
            }
        }

        @Override
        public void write(Path file, byte[] content, Durability durability) throws IOException {
            synchronized (PowerCuts.this) {
                disk.write(file, content, durability);
                noteFolder(file.getParent());
                noteContent(file, content, durability);
            }
        }

        private void noteContent(Path file, byte[] content, Durability durability) {
            FileNode node = noteFile(file);
            node.current = content;
            step();
            if (durability == Durability.SYNCED) {
                node.synced = content;
                step();
            }
        }

        private FileNode noteFile(Path file) {
            if (!(node(file) instanceof FileNode)) {
                parent(file).change(file.getName(), new FileNode());
            }
            FileNode node = (FileNode) node(file);
            node.current = new byte[0];
            step();
            return node;
        }

        @Override
        public void overwrite(Path file, byte[] content) throws IOException {
            synchronized (PowerCuts.this) {
                disk.overwrite(file, content);
                noteContent(file, content, Durability.SYNCED);
            }
        }

        @Override
        public FSDataOutputStream createStream(Path file) throws IOException {
            synchronized (PowerCuts.this) {
                FSDataOutputStream out = disk.createStream(file);
                noteFolder(file.getParent());
                return new FSDataOutputStream(new RecordedStream(out, noteFile(file)), null);
            }
        }

        @Override
        public FSDataOutputStream append(Path file) throws IOException {
            synchronized (PowerCuts.this) {
                return new FSDataOutputStream(new RecordedStream(disk.append(file), (FileNode) node(file)), null);
            }
        }

        @Override
        public boolean replacesByRenaming() {
            return disk.replacesByRenaming();
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            synchronized (PowerCuts.this) {
                disk.rename(from, to);
                FolderNode folder = parent(from);
                Map<String, Node> next = new HashMap<>(folder.current());
                next.put(to.getName(), next.remove(from.getName()));
                folder.states.add(next);
                step();
            }
        }

        @Override
        public void delete(Path path) throws IOException {
            synchronized (PowerCuts.this) {
                disk.delete(path);
                noteDeleted(path);
            }
        }

        private void noteDeleted(Path path) {
            if (node(path) instanceof FolderNode folder) {
                folder.current().keySet().forEach(name -> noteDeleted(new Path(path, name)));
            }
            parent(path).change(path.getName(), null);
            step();
        }

        @Override
        public void syncFolder(Path folder) throws IOException {
            synchronized (PowerCuts.this) {
                disk.syncFolder(folder);
                noteSynced(folder);
            }
        }
    }

    private final class RecordedStream extends OutputStream implements Syncable, StreamCapabilities {
        private final FSDataOutputStream disk;
        private final FileNode node;
        private final ByteArrayOutputStream buffered = new ByteArrayOutputStream();

        RecordedStream(FSDataOutputStream disk, FileNode node) {
            this.disk = disk;
            this.node = node;
        }

        @Override
        public void write(int one) {
            buffered.write(one);
        }

        @Override
        public void hflush() throws IOException {
            synchronized (PowerCuts.this) {
                byte[] more = buffered.toByteArray();
                buffered.reset();
                disk.write(more);
                disk.hflush();
                byte[] all = Arrays.copyOf(node.current, node.current.length + more.length);
                System.arraycopy(more, 0, all, node.current.length, more.length);
                node.current = all;
                step();
            }
        }

        @Override
        public void hsync() throws IOException {
            synchronized (PowerCuts.this) {
                hflush();
                disk.hsync();
                node.synced = node.current;
                step();
            }
        }

        @Override
        public boolean hasCapability(String capability) {
            return disk.hasCapability(capability);
        }

        @Override
        public void close() throws IOException {
            synchronized (PowerCuts.this) {
                hflush();
                disk.close();
            }
        }
    }
}
