package dev.kindling.job.task.fewshot;

/** Access to the decoded images of an image set. Thread-safe. */
sealed interface Images permits DecodedImages, CachedImages {
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
     * The images of some classes: all decoded at once if they fit into the given memory, else decoded on demand and cached.
     *
     * @param memory in bytes
     * @throws dev.kindling.job.error.BadDataException naming a file that is not an image or too large
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
        return bytes <= memory && largest < Integer.MAX_VALUE - 8
                ? DecodedImages.decode(classes, decoder)
                : new CachedImages(decoder, memory);
    }
}
