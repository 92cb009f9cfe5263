package dev.kindling.job.task.fewshot;

/** Decodes image files and resizes them to the squares that tasks use. Thread-safe. */
final class Decoder {
    private final ImageFormat imageFormat;
    private final Lanczos.ToSquare resizer;

    Decoder(ImageFormat imageFormat) {
        this.imageFormat = imageFormat;
        this.resizer = new Lanczos.ToSquare(imageFormat.size());
    }

    ImageFormat imageFormat() {
        return imageFormat;
    }

    /**
     * The image as one byte per sample: [channels, size, size].
     *
     * @param name of the image with the setting that names it, at the beginning of messages
     * @throws dev.kindling.job.error.BadDataException if the bytes are not an image or exceed {@link ImageLimits}
     */
    byte[] decode(String name, byte[] file) {
        Bitmap image = Bitmap.decode(name, file, imageFormat.channels());
        int area = imageFormat.size() * imageFormat.size();
        byte[] pixels = new byte[imageFormat.samples()];
        for (int channel = 0; channel < imageFormat.channels(); channel++) {
            byte[] square = resizer.resize(image.planes().get(channel), image.width(), image.height());
            System.arraycopy(square, 0, pixels, channel * area, area);
        }
        return pixels;
    }
}
