package dev.kindling.job.task.fewshot;

import java.util.List;

/**
 * A class of an image set: a folder of images.
 *
 * @param name the name in splits: the path below the top folder
 * @param folder the path inside the store
 * @param images names of the image files, sorted; empty for a folder without images
 */
record ImageClass(String name, ImageStore store, String folder, List<String> images) {
    /** The path of one of the images inside the store. */
    String path(String image) {
        return ImageStore.child(folder, image);
    }

    /** The same class with its name prefixed by the name of an image set. */
    ImageClass inSet(String set) {
        return new ImageClass(ImageStore.child(set, name), store, folder, images);
    }

    /** The name of the class's parent folder, such as an alphabet of Omniglot; empty at the top. */
    String group() {
        return ImageStore.parent(name);
    }

    /** The store and folder, for messages. */
    String location() {
        return store.name() + ": " + folder;
    }
}
