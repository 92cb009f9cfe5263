package dev.kindling.job.task.fewshot;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Images decoded when they are asked for; those asked for last are kept, up to a number of bytes. Stores that were read
 * from stay open as long as this object.
 */
final class CachedImages implements Images {
    /** What an image costs beside its pixels: its key, its entry, the header of its array. */
    private static final int OVERHEAD = 128;

    private final Decoder decoder;
    private final long limit;
    private final Map<ImageStore, ImageStore.Opened> opened = new ConcurrentHashMap<>();
    /** From the one whose last use is longest ago to the latest. */
    private final LinkedHashMap<Key, byte[]> kept = new LinkedHashMap<>(16, 0.75f, true);

    private long bytes;

    private record Key(String className, int number) {}

    /** Nothing yet, and never more than the given number of bytes. */
    CachedImages(Decoder decoder, long limit) {
        this.decoder = decoder;
        this.limit = limit;
    }

    @Override
    public Slice of(ImageClass images, int number) {
        Key key = new Key(images.name(), number);
        byte[] pixels = find(key);
        if (pixels == null) {
            // Outside the lock: two threads that miss the same image both decode it, to the same bytes.
            pixels = decode(images, number);
            keep(key, pixels);
        }
        return new Slice(pixels, 0);
    }

    private byte[] decode(ImageClass images, int number) {
        ImageStore store = images.store();
        String path = images.path(images.images().get(number));
        byte[] stored = opened.computeIfAbsent(store, ImageStore::open).bytes(path);
        return store.pixels(path, stored, decoder);
    }

    private synchronized byte @Nullable [] find(Key key) {
        return kept.get(key);
    }

    private synchronized void keep(Key key, byte[] pixels) {
        if (kept.put(key, pixels) == null) {
            bytes += pixels.length + OVERHEAD;
        }
        Iterator<byte[]> oldest = kept.values().iterator();
        while (bytes > limit && oldest.hasNext()) {
            bytes -= oldest.next().length + OVERHEAD;
            oldest.remove();
        }
    }

    @Override
    public synchronized long bytes() {
        return bytes;
    }
}
