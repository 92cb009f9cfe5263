package dev.kindling.job.task.fewshot;

import java.util.Iterator;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A least-recently-used cache of images that are decoded on demand, bounded by a number of bytes. Stores stay open as long as
 * this object.
 */
final class CachedImages implements Images {
    /** Bytes that an image takes in addition to its pixels: its key, its map entry and the header of its array. */
    private static final int OVERHEAD = 128;

    private final ImageFiles files;
    private final long limit;
    /** In order of access, the least recently used first. */
    private final LinkedHashMap<Key, byte[]> cached = new LinkedHashMap<>(16, 0.75f, true);

    private long bytes;

    private record Key(String className, int number) {}

    /** An empty cache of at most {@code limit} bytes. */
    CachedImages(Decoder decoder, long limit) {
        this.files = new ImageFiles(decoder);
        this.limit = limit;
    }

    @Override
    public Slice of(ImageClass images, int number) {
        Key key = new Key(images.name(), number);
        byte[] pixels = find(key);
        if (pixels == null) {
            // Not under the lock: two threads that miss the same image both decode it, to the same bytes.
            pixels = files.decoded(images, number);
            add(key, pixels);
        }
        return new Slice(pixels, 0);
    }

    private synchronized byte @Nullable [] find(Key key) {
        return cached.get(key);
    }

    private synchronized void add(Key key, byte[] pixels) {
        if (cached.put(key, pixels) == null) {
            bytes += pixels.length + OVERHEAD;
        }
        Iterator<byte[]> oldest = cached.values().iterator();
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
