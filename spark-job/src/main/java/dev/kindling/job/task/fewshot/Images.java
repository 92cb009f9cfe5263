package dev.kindling.job.task.fewshot;

/** Access to the decoded images of an image set. Thread-safe. */
sealed interface Images permits DecodedImages, OnDemandImages, CachedImages {
    /**
     * The samples of an image within an array: [channels, height, width]. The array must not be written.
     *
     * @param offset of the image's first sample in {@code pixels}
     */
    record Slice(byte[] pixels, int offset) {}

    /**
     * Returns one image.
     *
     * @param number 0-based index of the image in its class
     * @throws dev.kindling.job.error.BadDataException if its file cannot be read
     */
    Slice of(ImageClass images, int number);

    /** Bytes that decoded images take in memory at the moment. */
    long bytes();

    /**
     * The images of some classes. If they fit into the given memory, each is decoded once: all together, or in a large local set
     * when it is first read. Else they are decoded on demand and cached.
     *
     * @param memory in bytes
     * @throws dev.kindling.job.error.BadDataException naming a file that is not an image or too large, if all are decoded now
     */
    static Images of(Iterable<ImageClass> classes, Decoder decoder, long memory) {
        long bytes = 0;
        long largest = 0;
        for (ImageClass each : classes) {
            long ofClass = (long) each.images().size() * decoder.imageFormat().samples();
            bytes += ofClass;
            largest = Math.max(largest, ofClass);
        }
        // A decoded class is one array.
        if (bytes > memory || largest >= Integer.MAX_VALUE - 8) {
            return new CachedImages(decoder, memory);
        }
        return OnDemandImages.suits(classes)
                ? OnDemandImages.of(classes, decoder)
                : DecodedImages.decode(classes, decoder);
    }
}
