package dev.kindling.job.task.fewshot;

/** The pixels of the images of an image set. Thread-safe. */
sealed interface Images permits DecodedImages, CachedImages {
    /**
     * Where the samples of an image lie: channel after channel, each row-major. Nobody may write to the array.
     *
     * @param pixels the array
     * @param offset of the image's first sample in it
     */
    record Slice(byte[] pixels, int offset) {}

    /**
     * One image.
     *
     * @param number of the image in its class, 0-based
     * @throws dev.kindling.job.error.BadDataException if its file cannot be read
     */
    Slice of(ImageClass images, int number);

    /** Bytes that images take in memory at the moment. */
    long bytes();

    /**
     * The images of some classes: all decoded at once where they fit into the given memory, else as they are asked for,
     * the last ones kept.
     *
     * @param memory in bytes
     * @throws dev.kindling.job.error.BadDataException if a file is not an image or too large, with its name
     */
    static Images of(Iterable<ImageClass> classes, Decoder decoder, long memory) {
        long bytes = 0;
        long largest = 0;
        for (ImageClass each : classes) {
            long ofClass = (long) each.images().size() * decoder.picture().numbers();
            bytes += ofClass;
            largest = Math.max(largest, ofClass);
        }
        // Decoded, a class is one array.
        return bytes <= memory && largest < Integer.MAX_VALUE - 8
                ? DecodedImages.decode(classes, decoder)
                : new CachedImages(decoder, memory);
    }
}
