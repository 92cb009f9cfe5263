package dev.kindling.job.task.fewshot;

/** Turns the files of images into the bytes that are kept of them. Thread-safe. */
final class Decoder {
    private final ImageFormat imageFormat;
    private final Lanczos.ToSquare resizer;

    Decoder(ImageFormat imageFormat) {
        this.imageFormat = imageFormat;
        this.resizer = new Lanczos.ToSquare(imageFormat.size());
    }

    ImageFormat picture() {
        return imageFormat;
    }

    /**
     * The image as one byte a sample: channel after channel, each a square, row-major.
     *
     * @param name for messages
     * @throws dev.kindling.job.error.BadDataException if the bytes are no image, or one that is too large
     */
    byte[] decode(String name, byte[] file) {
        Bitmap image = Bitmap.decode(name, file, imageFormat.channels());
        int area = imageFormat.size() * imageFormat.size();
        byte[] pixels = new byte[imageFormat.numbers()];
        for (int channel = 0; channel < imageFormat.channels(); channel++) {
            byte[] square = resizer.resize(image.planes().get(channel), image.width(), image.height());
            System.arraycopy(square, 0, pixels, channel * area, area);
        }
        return pixels;
    }
}
