package dev.kindling.job.task.fewshot;

import java.util.List;

/**
 * A folder that holds images.
 *
 * @param name as splits name it: the path below the top folder
 * @param folder the path inside the store
 * @param images names of the image files, sorted; empty for a folder without images
 */
record ImageClass(String name, ImageStore store, String folder, List<String> images) {
    /** The path of one of the images inside the store. */
    String path(String image) {
        return ImageStore.child(folder, image);
    }

    /** The same class of a set that goes by the given name among others. */
    ImageClass inSet(String set) {
        return new ImageClass(ImageStore.child(set, name), store, folder, images);
    }

    /** Where the class lies among others: the folder that holds its own; empty at the top. */
    String alphabet() {
        return ImageStore.parent(name);
    }

    /** For messages: where the class lies. */
    String place() {
        return store.name() + ": " + folder;
    }
}
