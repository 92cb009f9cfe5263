package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * All images of a large image set in memory, each decoded when a task first reads it: rounds begin without waiting for images
 * of other tasks, and the threads that materialise tasks decode in parallel. A thread in the background reads the remaining
 * images slowly, so that a damaged one is reported even if no task draws it.
 */
final class OnDemandImages implements Images {
    /** The least number of images; fewer are decoded in less than the time in which the first tasks are computed. */
    static final int LEAST = 4096;

    private static final int BATCH = 16;
    /** The time that the background thread pauses after each batch, as a multiple of the time that the batch took. */
    private static final int PAUSE = 3;

    private final ImageFiles files;
    private final Map<String, AtomicReferenceArray<byte[]>> byClass = new HashMap<>();
    private volatile @Nullable BadDataException damage;

    /** Waits after each batch of the background thread. */
    interface Pace {
        void pause(long batchNanos) throws InterruptedException;
    }

    private OnDemandImages(List<ImageClass> classes, Decoder decoder) {
        this.files = new ImageFiles(decoder);
        classes.forEach(each -> byClass.put(
                each.name(), new AtomicReferenceArray<>(each.images().size())));
    }

    /** The images of the given classes, none of which is decoded yet. */
    static OnDemandImages of(Iterable<ImageClass> classes, Decoder decoder) {
        return of(classes, decoder, nanos -> Thread.sleep(1 + PAUSE * nanos / 1_000_000));
    }

    /** As {@link #of(Iterable, Decoder)}, with another pace of the background thread. */
    static OnDemandImages of(Iterable<ImageClass> classes, Decoder decoder, Pace pace) {
        List<ImageClass> all = new ArrayList<>();
        classes.forEach(all::add);
        OnDemandImages images = new OnDemandImages(all, decoder);
        WeakReference<OnDemandImages> weak = new WeakReference<>(images);
        Thread reader = new Thread(() -> readAll(weak, all, pace), "kindling-image-reader");
        reader.setDaemon(true);
        reader.start();
        return images;
    }

    /** Whether a set is large enough, and its stores read single images fast enough. */
    static boolean suits(Iterable<ImageClass> classes) {
        long count = 0;
        for (ImageClass each : classes) {
            if (!each.store().readsSingleImagesFast()) {
                return false;
            }
            count += each.images().size();
        }
        return count >= LEAST;
    }

    @Override
    public Slice of(ImageClass images, int number) {
        BadDataException found = damage;
        if (found != null) {
            throw new BadDataException(String.valueOf(found.getMessage()), found);
        }
        return new Slice(pixels(images, number), 0);
    }

    private byte[] pixels(ImageClass images, int number) {
        AtomicReferenceArray<byte[]> ofClass = byClass.get(images.name());
        if (ofClass == null) {
            throw new IllegalArgumentException("class " + images.name() + " is not of this set");
        }
        byte[] pixels = ofClass.get(number);
        if (pixels == null) {
            // Two threads that read the same image first both decode it, to the same bytes.
            pixels = files.decoded(images, number);
            ofClass.set(number, pixels);
        }
        return pixels;
    }

    /** Reads all images until one is damaged or nothing else refers to them any more. */
    private static void readAll(WeakReference<OnDemandImages> weak, List<ImageClass> classes, Pace pace) {
        long begin = System.nanoTime();
        int inBatch = 0;
        for (ImageClass each : classes) {
            for (int number = 0; number < each.images().size(); number++) {
                OnDemandImages images = weak.get();
                if (images == null || !images.reads(each, number)) {
                    return;
                }
                inBatch++;
                if (inBatch == BATCH) {
                    images = null;
                    try {
                        pace.pause(System.nanoTime() - begin);
                    } catch (InterruptedException e) {
                        return;
                    }
                    begin = System.nanoTime();
                    inBatch = 0;
                }
            }
        }
    }

    /** Whether an image can be read. */
    private boolean reads(ImageClass images, int number) {
        try {
            pixels(images, number);
            return true;
        } catch (BadDataException e) {
            damage = e;
            return false;
        }
    }

    @Override
    public long bytes() {
        long bytes = 0;
        for (AtomicReferenceArray<byte[]> ofClass : byClass.values()) {
            for (int number = 0; number < ofClass.length(); number++) {
                byte[] pixels = ofClass.get(number);
                bytes += pixels == null ? 0 : pixels.length;
            }
        }
        return bytes;
    }
}
