package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Lists the class folders below a folder of a {@link DirectoryStore}. */
final class ClassFolders {
    private final DirectoryStore store;

    ClassFolders(DirectoryStore store) {
        this.store = store;
    }

    /**
     * The classes below a folder, named by their path below it: folders that hold images, and folders without content, which
     * are classes without images.
     *
     * @param folder below the store's root; empty for the root
     * @param setName what the folder is called in messages
     * @throws BadDataException if images are in the folder itself
     */
    SortedMap<String, ImageClass> below(String folder, String setName) {
        SortedSet<String> loose =
                folder.isEmpty() ? store.rootImages() : store.folders().getOrDefault(folder, new TreeSet<>());
        if (!loose.isEmpty()) {
            throw new BadDataException(setName + " has the image " + loose.first()
                    + " outside a class folder; each image must be in the folder of its class");
        }
        SortedMap<String, ImageClass> classes = new TreeMap<>();
        String start = folder.isEmpty() ? "" : folder + "/";
        inside(folder).forEach((path, images) -> {
            if (!images.isEmpty() || inside(path).isEmpty()) {
                classes.put(path.substring(start.length()), new ImageClass(path, store, path, List.copyOf(images)));
            }
        });
        return classes;
    }

    /** Whether there is a folder of that path. */
    boolean has(String folder) {
        return store.folders().containsKey(folder);
    }

    /** All folders below a folder; the character after {@code /} ends the range of their paths. */
    private SortedMap<String, SortedSet<String>> inside(String folder) {
        return folder.isEmpty() ? store.folders() : store.folders().subMap(folder + "/", folder + "0");
    }
}
