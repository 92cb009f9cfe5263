package dev.kindling.job.task.fewshot;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads and decodes single images. Stores stay open as long as this object is reachable. Thread-safe. */
final class ImageFiles {
    private final Decoder decoder;
    private final Map<ImageStore, ImageStore.Opened> opened = new ConcurrentHashMap<>();

    ImageFiles(Decoder decoder) {
        this.decoder = decoder;
    }

    /**
     * The pixels of an image.
     *
     * @param number 0-based index of the image in its class
     * @throws dev.kindling.job.error.BadDataException if its file cannot be read
     */
    byte[] decoded(ImageClass images, int number) {
        ImageStore store = images.store();
        String path = images.path(images.images().get(number));
        byte[] stored = opened.computeIfAbsent(store, ImageStore::open).bytes(path);
        return store.pixels(path, stored, decoder);
    }
}
