package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.RegularFiles;
import dev.kindling.job.task.ResolvedPath;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An image store in a tree of folders on a Hadoop file system, or in listed files. Computing checksums reads every image.
 */
final class DirectoryStore implements ImageStore {
    private final String key;
    private final FileSystem files;
    private final Path root;
    private final SortedMap<String, SortedSet<String>> folders = new TreeMap<>();
    private final SortedSet<String> rootImages = new TreeSet<>();

    /** A store of all images in the tree of a folder. */
    DirectoryStore(ResolvedPath data) {
        this.key = data.key();
        this.files = data.files();
        this.root = data.path();
        list(root, "", new HashSet<>());
    }

    /**
     * A store of listed files, all in one folder without a name.
     *
     * @param paths relative to the folder, or absolute on its file system
     */
    DirectoryStore(ResolvedPath folder, SortedSet<String> paths) {
        this.key = folder.key();
        this.files = folder.files();
        this.root = folder.path();
        folders.put("", paths);
        paths.forEach(path -> RegularFiles.refuseSpecial(key, new Path(root, path)));
    }

    @Override
    public String key() {
        return key;
    }

    /** The names of the images in the top folder itself, which are of no class; sorted. */
    SortedSet<String> rootImages() {
        return rootImages;
    }

    @Override
    public String name() {
        return root.toString();
    }

    @Override
    public SortedMap<String, SortedSet<String>> folders() {
        return folders;
    }

    @Override
    public void read(Predicate<String> selected, Visitor visitor) {
        folders.forEach((folder, images) -> images.forEach(image -> {
            String path = ImageStore.child(folder, image);
            if (selected.test(path)) {
                visitor.image(path, bytes(path));
            }
        }));
    }

    @Override
    public void checksums(ChecksumVisitor visitor) {
        read(path -> true, (path, bytes) -> visitor.image(path, bytes.length, ImageStore.crc(bytes, 0, bytes.length)));
    }

    @Override
    public boolean readsSingleImagesFast() {
        return "file".equals(root.toUri().getScheme());
    }

    @Override
    public Opened open() {
        return this::bytes;
    }

    /** Indexes a folder and those below it; {@code above} holds the real paths of its ancestors, to detect cycles of links. */
    private void list(Path folder, String name, Set<String> above) {
        ImageStore.refuseDeep(key, name);
        String realPath = realPath(folder);
        if (!above.add(realPath)) {
            throw new BadDataException(
                    key + ": folder " + folder + " is a link to a folder that contains it; such links are not allowed");
        }
        SortedSet<String> images = name.isEmpty() ? rootImages : ImageStore.folder(folders, name);
        for (FileStatus child : children(folder)) {
            String childName = child.getPath().getName();
            if (ImageStore.isHidden(childName)) {
                continue;
            }
            if (child.isDirectory()) {
                list(child.getPath(), ImageStore.child(name, childName), above);
            } else if (ImageStore.isImage(childName)) {
                RegularFiles.refuseSpecial(key, child.getPath());
                images.add(childName);
            }
        }
        above.remove(realPath);
    }

    /** The path of a folder with links resolved; only local file systems have links. */
    private String realPath(Path folder) {
        if (!"file".equals(folder.toUri().getScheme())) {
            return folder.toString();
        }
        try {
            return java.nio.file.Path.of(folder.toUri().getPath()).toRealPath().toString();
        } catch (IOException e) {
            throw cannotList(folder, e);
        }
    }

    private BadDataException cannotList(Path folder, IOException e) {
        return new BadDataException(key + ": folder " + folder + " cannot be listed: " + e.getMessage(), e);
    }

    private FileStatus[] children(Path folder) {
        try {
            return files.listStatus(folder);
        } catch (IOException e) {
            throw cannotList(folder, e);
        }
    }

    private byte[] bytes(String path) {
        Path file = new Path(root, path);
        try (InputStream in = files.open(file)) {
            byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
            if (bytes.length > LARGEST_FILE) {
                throw new BadDataException(key + ": image " + file + " is longer than the " + LARGEST_FILE
                        + " bytes that an image may have");
            }
            return bytes;
        } catch (IOException e) {
            throw new BadDataException(key + ": image " + file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
