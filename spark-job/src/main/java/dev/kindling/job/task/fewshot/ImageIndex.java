package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.RegularFiles;
import dev.kindling.job.task.ResolvedPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileStatus;

/**
 * The classes of an image set by name, listed without decoding an image.
 *
 * <p>A file is a pack or a zip of images. A zip is listed from its directory; a single top folder that contains all classes and
 * no image is dropped from their names. In a folder that holds zips, only these are read; any other folder is read as a tree.
 */
final class ImageIndex {
    private final List<ImageStore> stores;
    private final SortedMap<String, ImageClass> classes;

    private ImageIndex(List<ImageStore> stores, SortedMap<String, ImageClass> classes) {
        this.stores = stores;
        this.classes = classes;
    }

    static ImageIndex open(ResolvedPath data) {
        List<ImageStore> stores = stores(data);
        SortedMap<String, ImageClass> classes = new TreeMap<>();
        for (ImageStore store : stores) {
            String top = store instanceof ImageZipStore ? topFolder(store) : "";
            store.folders().forEach((folder, images) -> {
                String name = top.isEmpty() ? folder : folder.substring(Math.min(folder.length(), top.length() + 1));
                if (!name.isEmpty()) {
                    add(classes, new ImageClass(name, store, folder, List.copyOf(images)));
                }
            });
        }
        ImageIndex index = new ImageIndex(stores, classes);
        if (index.filled().isEmpty()) {
            throw new BadDataException(
                    "few-shot.data is " + data.path() + ", which holds no folder of images; it must be "
                            + "a zip, a pack, a folder of zips or a folder of folders of PNG, JPEG, BMP or GIF files");
        }
        return index;
    }

    /** The union of several sets, class names prefixed by the name of the set. */
    static ImageIndex joined(SortedMap<String, ImageIndex> sets) {
        List<ImageStore> stores = new ArrayList<>();
        SortedMap<String, ImageClass> classes = new TreeMap<>();
        sets.forEach((set, index) -> {
            stores.addAll(index.stores);
            index.classes.values().forEach(each -> add(classes, each.inSet(set)));
        });
        return new ImageIndex(stores, classes);
    }

    private static List<ImageStore> stores(ResolvedPath data) {
        FileStatus status = data.status();
        if (status.isFile()) {
            HadoopZip zip = HadoopZip.of(data.files(), status);
            Optional<PackStore> pack = PackStore.in(zip);
            return List.of(pack.isPresent() ? pack.get() : new ImageZipStore(zip));
        }
        List<ImageStore> zips = new ArrayList<>();
        for (FileStatus child : children(data)) {
            if (child.isFile()
                    && child.getPath().getName().toLowerCase(Locale.ROOT).endsWith(".zip")) {
                RegularFiles.refuseSpecial("few-shot.data", child.getPath());
                zips.add(new ImageZipStore(HadoopZip.of(data.files(), child)));
            }
        }
        return zips.isEmpty() ? List.of(new DirectoryStore(data)) : zips;
    }

    /** The content of the folder, sorted by name: file systems list in different orders. */
    private static FileStatus[] children(ResolvedPath data) {
        try {
            FileStatus[] children = data.files().listStatus(data.path());
            Arrays.sort(children);
            return children;
        } catch (IOException e) {
            throw new BadDataException(
                    "few-shot.data is " + data.path() + ", which cannot be listed: " + e.getMessage(), e);
        }
    }

    /** The folder that contains all others of a zip and no image itself; empty if there is none. */
    private static String topFolder(ImageStore store) {
        if (store.folders().isEmpty()) {
            return "";
        }
        String top = store.folders().firstKey();
        boolean containsAll = store.folders().getOrDefault(top, new TreeSet<>()).isEmpty()
                && store.folders().keySet().stream()
                        .allMatch(folder -> folder.equals(top) || folder.startsWith(top + "/"));
        return containsAll ? top : "";
    }

    private static void add(SortedMap<String, ImageClass> classes, ImageClass added) {
        ImageClass other = classes.get(added.name());
        if (other == null || other.images().isEmpty()) {
            classes.put(added.name(), added);
        } else if (!added.images().isEmpty()) {
            throw new BadDataException("few-shot.data: class " + added.name() + " occurs twice, in " + other.location()
                    + " and in " + added.location() + "; it must occur once");
        }
    }

    /**
     * The same classes named without the first folder of their paths, for a folder of several sets, such as Omniglot's two
     * zips unpacked into one folder.
     */
    ImageIndex withoutFirstFolder() {
        SortedMap<String, ImageClass> shorter = new TreeMap<>();
        classes.forEach((name, each) -> {
            String rest = name.substring(name.indexOf('/') + 1);
            add(shorter, new ImageClass(rest, each.store(), each.folder(), each.images()));
        });
        return new ImageIndex(stores, shorter);
    }

    List<ImageStore> stores() {
        return stores;
    }

    /** The classes that have images, sorted by name. */
    List<ImageClass> filled() {
        return classes.values().stream()
                .filter(each -> !each.images().isEmpty())
                .toList();
    }

    /** All classes by name, including folders without images. */
    SortedMap<String, ImageClass> classes() {
        return classes;
    }
}
