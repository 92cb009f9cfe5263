package dev.kindling.job.task.fewshot;

/** Turns the files of images into the bytes that are kept of them. Thread-safe. */
final class Decoder {
    private final Picture picture;
    private final Lanczos.ToSquare resizer;

    Decoder(Picture picture) {
        this.picture = picture;
        this.resizer = new Lanczos.ToSquare(picture.size());
    }

    Picture picture() {
        return picture;
    }

    /**
     * The image as one byte a sample: channel after channel, each a square, row-major.
     *
     * @param name for messages
     * @throws dev.kindling.job.task.BadDataException if the bytes are no image, or one that is too large
     */
    byte[] decode(String name, byte[] file) {
        Bitmap image = Bitmap.decode(name, file, picture.channels());
        int area = picture.size() * picture.size();
        byte[] pixels = new byte[picture.numbers()];
        for (int channel = 0; channel < picture.channels(); channel++) {
            byte[] square = resizer.resize(image.planes().get(channel), image.width(), image.height());
            System.arraycopy(square, 0, pixels, channel * area, area);
        }
        return pixels;
    }
}
