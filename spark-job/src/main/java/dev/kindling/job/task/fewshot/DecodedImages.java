package dev.kindling.job.task.fewshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;

/**
 * All images of an image set in memory, decoded, resized and stored as one byte per sample: the 32,460 images of Omniglot at
 * 28 by 28 pixels take 25 MB. Each store is read in one sequential pass while all cores decode. Immutable by convention: the
 * arrays are not written after construction.
 */
final class DecodedImages implements Images {
    private static final int BATCH = 1024;
    private static final long BATCH_BYTES = 64 << 20;

    private final int samples;
    private final Map<String, byte[]> byClass;

    private DecodedImages(int samples, Map<String, byte[]> byClass) {
        this.samples = samples;
        this.byClass = byClass;
    }

    /** Decodes all images of the given classes; BadDataException naming a file that is not an image or too large. */
    static DecodedImages decode(Iterable<ImageClass> classes, Decoder decoder) {
        int samples = decoder.imageFormat().samples();
        Map<String, byte[]> byClass = new HashMap<>();
        Map<ImageStore, Map<String, Slot>> slots = new HashMap<>();
        for (ImageClass each : classes) {
            byte[] target = new byte[Math.multiplyExact(each.images().size(), samples)];
            byClass.put(each.name(), target);
            Map<String, Slot> ofStore = slots.computeIfAbsent(each.store(), store -> new HashMap<>());
            for (int i = 0; i < each.images().size(); i++) {
                ofStore.put(each.path(each.images().get(i)), new Slot(target, i * samples));
            }
        }
        // Not the common pool, which other code in this JVM uses.
        ForkJoinPool pool = new ForkJoinPool(Runtime.getRuntime().availableProcessors());
        try {
            slots.forEach((store, ofStore) -> new Pass(store, ofStore, decoder, pool).run());
        } finally {
            pool.shutdown();
        }
        return new DecodedImages(samples, byClass);
    }

    @Override
    public Slice of(ImageClass images, int number) {
        byte[] found = byClass.get(images.name());
        if (found == null) {
            throw new IllegalArgumentException("class " + images.name() + " is not decoded");
        }
        return new Slice(found, number * samples);
    }

    @Override
    public long bytes() {
        return byClass.values().stream().mapToLong(each -> each.length).sum();
    }

    private record Slot(byte[] target, int offset) {}

    private record Stored(String path, byte[] bytes, Slot slot) {}

    /** One sequential read of a store, decoded in batches to bound the number of files in memory. */
    private static final class Pass {
        private final ImageStore store;
        private final Map<String, Slot> slots;
        private final Decoder decoder;
        private final ForkJoinPool pool;
        private final List<Stored> batch = new ArrayList<>(BATCH);
        private long batchBytes;

        Pass(ImageStore store, Map<String, Slot> slots, Decoder decoder, ForkJoinPool pool) {
            this.store = store;
            this.slots = slots;
            this.decoder = decoder;
            this.pool = pool;
        }

        void run() {
            store.read(slots::containsKey, (path, bytes) -> {
                Slot slot = slots.get(path);
                if (slot != null) {
                    batch.add(new Stored(path, bytes, slot));
                    batchBytes += bytes.length;
                }
                if (batch.size() == BATCH || batchBytes > BATCH_BYTES) {
                    decodeBatch();
                }
            });
            decodeBatch();
        }

        private void decodeBatch() {
            pool.submit(() -> batch.parallelStream().forEach(this::decode)).join();
            batch.clear();
            batchBytes = 0;
        }

        private void decode(Stored stored) {
            byte[] pixels = store.pixels(stored.path(), stored.bytes(), decoder);
            System.arraycopy(pixels, 0, stored.slot().target(), stored.slot().offset(), pixels.length);
        }
    }
}
