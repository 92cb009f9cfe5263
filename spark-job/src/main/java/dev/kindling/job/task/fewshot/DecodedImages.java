package dev.kindling.job.task.fewshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;

/**
 * Images decoded, shrunk and held as one byte a pixel, class after class: the 32,460 drawings of Omniglot at 28 by 28
 * take 25 MB. Each store is read in one sequential pass, while all cores decode. Immutable by convention: nobody writes
 * to the arrays.
 */
final class DecodedImages {
    private static final int BATCH = 1024;

    private final int pixels;
    private final IdentityHashMap<ImageClass, byte[]> byClass;

    private DecodedImages(int pixels, IdentityHashMap<ImageClass, byte[]> byClass) {
        this.pixels = pixels;
        this.byClass = byClass;
    }

    /**
     * Decodes all images of the given classes.
     *
     * @param size height and width of the decoded images
     * @throws dev.kindling.job.task.BadDataException if a file is not an image or too large, with its name
     */
    static DecodedImages decode(List<ImageClass> classes, int size) {
        IdentityHashMap<ImageClass, byte[]> byClass = new IdentityHashMap<>();
        Map<ImageStore, Map<String, Slot>> slots = new HashMap<>();
        for (ImageClass each : classes) {
            byte[] target = new byte[Math.multiplyExact(each.images().size(), size * size)];
            byClass.put(each, target);
            Map<String, Slot> ofStore = slots.computeIfAbsent(each.store(), store -> new HashMap<>());
            for (int i = 0; i < each.images().size(); i++) {
                ofStore.put(each.path(each.images().get(i)), new Slot(target, i * size * size));
            }
        }
        // A pool of our own: the threads of the common one belong to whoever else is in this JVM.
        ForkJoinPool pool = new ForkJoinPool(Runtime.getRuntime().availableProcessors());
        Lanczos.ToSquare resizer = new Lanczos.ToSquare(size);
        try {
            slots.forEach((store, ofStore) -> new Pass(store, ofStore, resizer, pool).run());
        } finally {
            pool.shutdown();
        }
        return new DecodedImages(size * size, byClass);
    }

    /** The images of a class one after another, row-major. */
    byte[] of(ImageClass images) {
        byte[] found = byClass.get(images);
        if (found == null) {
            throw new IllegalArgumentException("class " + images.name() + " is not decoded");
        }
        return found;
    }

    /** Numbers of one image. */
    int pixels() {
        return pixels;
    }

    /** Bytes of all images. */
    long bytes() {
        return byClass.values().stream().mapToLong(each -> each.length).sum();
    }

    private record Slot(byte[] target, int offset) {}

    private record Encoded(String name, byte[] bytes, Slot slot) {}

    /** One reading of a store, decoded in batches so that few files are in memory at a time. */
    private static final class Pass {
        private final ImageStore store;
        private final Map<String, Slot> slots;
        private final Lanczos.ToSquare resizer;
        private final ForkJoinPool pool;
        private final List<Encoded> batch = new ArrayList<>(BATCH);

        Pass(ImageStore store, Map<String, Slot> slots, Lanczos.ToSquare resizer, ForkJoinPool pool) {
            this.store = store;
            this.slots = slots;
            this.resizer = resizer;
            this.pool = pool;
        }

        void run() {
            store.read(slots::containsKey, (path, bytes) -> {
                Slot slot = slots.get(path);
                if (slot != null) {
                    batch.add(new Encoded(path + " of " + store.name(), bytes, slot));
                }
                if (batch.size() == BATCH) {
                    decodeBatch();
                }
            });
            decodeBatch();
        }

        private void decodeBatch() {
            pool.submit(() -> batch.parallelStream().forEach(this::decode)).join();
            batch.clear();
        }

        private void decode(Encoded encoded) {
            GreyImage image = GreyImage.decode(encoded.name(), encoded.bytes());
            byte[] small = resizer.resize(image.pixels(), image.width(), image.height());
            System.arraycopy(small, 0, encoded.slot().target(), encoded.slot().offset(), small.length);
        }
    }
}
