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
 * A folder of the local disk and what power cuts would leave of it: after every single step of every change, the states in
 * which a disk may be found that keeps what was synced and may lose what was not. Thread-safe.
 */
public final class PowerCuts {
    /** What a disk does with what was not synced. */
    private enum Disk {
        /** It loses all of it. */
        LOSES_EVERYTHING,
        /** It has the names, and nothing of the files' new content. */
        HAS_NAMES_ONLY,
        /** Of each folder it has the first few changes, of each file what was synced, everything or a half. */
        HAS_ANYTHING
    }

    private static final int DRAWS = 1;

    /**
     * What a power cut leaves.
     *
     * @param files content by path below the folder; a path that ends in a slash is a folder
     * @param reported what had been reported before the cut
     */
    public record Remains(SortedMap<String, byte[]> files, long reported) {
        /** Puts it into a new folder. The lock's owner died with the machine, so it is left out. */
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
        /** The names as they were synced last, and after each change since then. */
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
     * Begins with an empty folder.
     *
     * @param reported says what the writer has claimed to be safe by now
     */
    public PowerCuts(java.nio.file.Path root, LongSupplier reported) {
        this.root = root;
        this.reported = reported;
    }

    /** A folder below, whose changes are watched. */
    public AtomicDirectory folder(String name) {
        return AtomicDirectory.at(
                root.resolve(name).toString(),
                new Configuration(),
                (files, path) -> new Watched(new LocalFileOperations(files)));
    }

    /** How many steps changes have taken so far. */
    public synchronized int steps() {
        return steps;
    }

    /** What cuts would have left, each state once, with the most that had been reported before any cut that leaves it. */
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

    /** Remembers what cuts at this moment would leave. */
    private void step() {
        steps++;
        remember(Disk.LOSES_EVERYTHING);
        remember(Disk.HAS_NAMES_ONLY);
        for (int i = 0; i < DRAWS; i++) {
            remember(Disk.HAS_ANYTHING);
        }
    }

    private void remember(Disk disk) {
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
                // What is synced of a file that has grown is there in any case.
                boolean grown = Arrays.mismatch(file.synced, file.current) == file.synced.length;
                int kept = grown ? file.synced.length : 0;
                yield Arrays.copyOf(file.current, kept + (file.current.length - kept) / 2);
            }
        };
    }

    /** Does what it is told on the disk, and the same, step by step, in the nodes. */
    private final class Watched implements FileOperations {
        private final FileOperations disk;

        Watched(FileOperations disk) {
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
        public FSDataOutputStream grow(Path file) throws IOException {
            synchronized (PowerCuts.this) {
                FSDataOutputStream out = disk.grow(file);
                noteFolder(file.getParent());
                return new FSDataOutputStream(new WatchedStream(out, noteFile(file)), null);
            }
        }

        @Override
        public FSDataOutputStream append(Path file) throws IOException {
            synchronized (PowerCuts.this) {
                return new FSDataOutputStream(new WatchedStream(disk.append(file), (FileNode) node(file)), null);
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

    private final class WatchedStream extends OutputStream implements Syncable, StreamCapabilities {
        private final FSDataOutputStream disk;
        private final FileNode node;
        private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();

        WatchedStream(FSDataOutputStream disk, FileNode node) {
            this.disk = disk;
            this.node = node;
        }

        @Override
        public void write(int one) {
            waiting.write(one);
        }

        @Override
        public void hflush() throws IOException {
            synchronized (PowerCuts.this) {
                byte[] more = waiting.toByteArray();
                waiting.reset();
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
