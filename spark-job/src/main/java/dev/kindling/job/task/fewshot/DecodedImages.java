package dev.kindling.job.task.fewshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;

/**
 * Images decoded, resized and held as one byte a pixel, class after class: the 32,460 drawings of Omniglot at 28 by 28
 * take 25 MB. Each store is read in one sequential pass, while all cores decode. Immutable by convention: nobody writes
 * to the arrays.
 */
final class DecodedImages implements Images {
    private static final int BATCH = 1024;
    private static final long BATCH_BYTES = 64 << 20;

    private final int numbers;
    private final Map<String, byte[]> byClass;

    private DecodedImages(int numbers, Map<String, byte[]> byClass) {
        this.numbers = numbers;
        this.byClass = byClass;
    }

    /** Decodes all images of the given classes; BadDataException with the name of a file that is no image or too large. */
    static DecodedImages decode(Iterable<ImageClass> classes, Decoder decoder) {
        int numbers = decoder.picture().numbers();
        Map<String, byte[]> byClass = new HashMap<>();
        Map<ImageStore, Map<String, Slot>> slots = new HashMap<>();
        for (ImageClass each : classes) {
            byte[] target = new byte[Math.multiplyExact(each.images().size(), numbers)];
            byClass.put(each.name(), target);
            Map<String, Slot> ofStore = slots.computeIfAbsent(each.store(), store -> new HashMap<>());
            for (int i = 0; i < each.images().size(); i++) {
                ofStore.put(each.path(each.images().get(i)), new Slot(target, i * numbers));
            }
        }
        // A pool of our own: the threads of the common one belong to whoever else is in this JVM.
        ForkJoinPool pool = new ForkJoinPool(Runtime.getRuntime().availableProcessors());
        try {
            slots.forEach((store, ofStore) -> new Pass(store, ofStore, decoder, pool).run());
        } finally {
            pool.shutdown();
        }
        return new DecodedImages(numbers, byClass);
    }

    @Override
    public Slice of(ImageClass images, int number) {
        byte[] found = byClass.get(images.name());
        if (found == null) {
            throw new IllegalArgumentException("class " + images.name() + " is not decoded");
        }
        return new Slice(found, number * numbers);
    }

    @Override
    public long bytes() {
        return byClass.values().stream().mapToLong(each -> each.length).sum();
    }

    private record Slot(byte[] target, int offset) {}

    private record Stored(String path, byte[] bytes, Slot slot) {}

    /** One reading of a store, decoded in batches so that few files are in memory at a time. */
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
