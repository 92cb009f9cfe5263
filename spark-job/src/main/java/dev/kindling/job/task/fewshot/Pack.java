package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The format of a pack, the file that the command {@code pack} writes and {@link PackStore} reads: a zip that is also a NumPy
 * {@code .npz}. Its entries are:
 *
 * <ul>
 *   <li>{@code CLASS.npy} for each class, uncompressed: unsigned bytes [images, size, size] in grey and [images, 3, size,
 * size] in
 *       colour, the images in the order of their names;
 *   <li>{@code images.tsv}, a line for each image in the order of class and image names: class, image, length and CRC-32 of the
 *       original file, CRC-32 of the image's pixels;
 *   <li>{@code train.txt}, {@code val.txt} and {@code test.txt}, if the data has splits;
 *   <li>{@code kindling-pack.json}: format, version, size, channels, counts, and the SHA-256 of the originals.
 * </ul>
 */
final class Pack {
    static final String MANIFEST = "kindling-pack.json";
    static final String IMAGES = "images.tsv";
    static final String ARRAY = ".npy";
    static final String FORMAT = "kindling-pack";
    static final int VERSION = 1;

    private static final String MAGIC = "\u0093NUMPY\u0001\u0000";
    private static final int ALIGNMENT = 64;

    private Pack() {}

    /**
     * One image of a pack.
     *
     * @param length bytes of the original file
     * @param crc CRC-32 of the original file
     * @param pixels CRC-32 of the pixels in the pack
     */
    record Line(String className, String image, long length, long crc, long pixels) {
        /** The line without its line end; BadDataException if a name contains a control character. */
        String text() {
            if ((className + image).chars().anyMatch(Character::isISOControl)) {
                throw new BadDataException("few-shot.data: image " + className + "/" + image
                        + " has a control character in its name and cannot be packed");
            }
            return className + "\t" + image + "\t" + length + "\t" + Long.toHexString(crc) + "\t"
                    + Long.toHexString(pixels);
        }

        static Line parse(String text) {
            String[] parts = text.split("\t", -1);
            if (parts.length != 5) {
                throw new IllegalArgumentException("a line has " + parts.length + " columns and must have 5");
            }
            return new Line(
                    parts[0],
                    parts[1],
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3], 16),
                    Long.parseLong(parts[4], 16));
        }
    }

    static byte[] text(List<Line> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line.text()).append('\n'));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    static List<Line> lines(byte[] text) {
        List<Line> lines = new ArrayList<>();
        new String(text, StandardCharsets.UTF_8).lines().forEach(line -> lines.add(Line.parse(line)));
        return lines;
    }

    /** The hash of the original images in hexadecimal. */
    static String hash(List<Line> lines) {
        ImageDataHash hash = new ImageDataHash();
        lines.forEach(line -> hash.image(line.className(), line.image(), line.length(), line.crc()));
        return hash.hex();
    }

    /** The header of a class's array in NumPy's format, version 1.0. */
    static byte[] header(int images, ImageFormat imageFormat) {
        String square = imageFormat.size() + ", " + imageFormat.size();
        String shape = images + ", " + (imageFormat.channels() == 1 ? square : imageFormat.channels() + ", " + square);
        String text = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + "), }";
        int prefix = MAGIC.length() + 2;
        int padding = Math.floorMod(-(prefix + text.length() + 1), ALIGNMENT);
        int length = text.length() + padding + 1;
        String header = MAGIC + (char) (length & 0xff) + (char) (length >> 8) + text + " ".repeat(padding) + "\n";
        return header.getBytes(StandardCharsets.ISO_8859_1);
    }
}
