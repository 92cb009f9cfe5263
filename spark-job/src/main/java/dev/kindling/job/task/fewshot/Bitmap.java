package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A decoded image as 8-bit samples, 0 dark and 255 light. Colours become grey by ITU-R 601's luma in the fixed-point
 * arithmetic of Pillow; transparency is ignored.
 *
 * @param planes one row-major plane for grey, three for red, green and blue
 */
record Bitmap(int width, int height, List<byte[]> planes) {
    private static final Set<String> FORMATS = Set.of("png", "jpeg", "bmp", "gif");

    /**
     * Decodes a PNG, JPEG, BMP or GIF file (of several frames, the first).
     *
     * @param name of the image with the setting that names it, at the beginning of messages
     * @param channels 1 for grey, 3 for colour; a grey file read as colour has three equal planes
     * @throws BadDataException if the bytes are not such an image, or exceed {@link ImageLimits}
     */
    static Bitmap decode(String name, byte[] bytes, int channels) {
        // ImageIO's default stream writes a cache file for each image.
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            ImageReader reader = reader(name, in);
            try {
                String format = format(reader);
                ImageLimits limits = new ImageLimits(name, bytes);
                limits.checkBytes(format);
                reader.setInput(in, true, true);
                limits.checkPixels(format, reader.getWidth(0), reader.getHeight(0));
                if (format.equals("gif")) {
                    limits.checkRows(reader);
                }
                BufferedImage image = reader.read(0);
                return new Bitmap(
                        image.getWidth(), image.getHeight(), channels == 1 ? List.of(grey(image)) : colours(image));
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) {
            // On crafted files ImageIO throws exceptions of any type.
            if (e instanceof BadDataException bad) {
                throw bad;
            }
            throw notAnImage(name, e);
        }
    }

    private static ImageReader reader(String name, ImageInputStream in) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (FORMATS.contains(format(reader))) {
                return reader;
            }
        }
        throw notAnImage(name, null);
    }

    private static String format(ImageReader reader) throws IOException {
        return reader.getFormatName().toLowerCase(Locale.ROOT);
    }

    private static BadDataException notAnImage(String name, @Nullable Throwable cause) {
        return new BadDataException(
                name + " is not an image that can be read; it must be a PNG, JPEG, BMP or GIF file", cause);
    }

    private static byte[] grey(BufferedImage image) {
        byte[] pixels = new byte[image.getWidth() * image.getHeight()];
        if (image.getColorModel() instanceof IndexColorModel palette) {
            fromPalette(image.getRaster(), palette, pixels);
        } else if (isGrey(image)) {
            fromSamples(image.getRaster(), image.getColorModel().getComponentSize(0), pixels);
        } else {
            fromColours(image, pixels);
        }
        return pixels;
    }

    private static List<byte[]> colours(BufferedImage image) {
        if (isGrey(image)) {
            byte[] grey = grey(image);
            return List.of(grey, grey, grey);
        }
        int width = image.getWidth();
        int[] colours = image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
        return List.of(plane(colours, 16), plane(colours, 8), plane(colours, 0));
    }

    private static byte[] plane(int[] colours, int shift) {
        byte[] plane = new byte[colours.length];
        for (int i = 0; i < plane.length; i++) {
            plane[i] = (byte) (colours[i] >> shift);
        }
        return plane;
    }

    /**
     * Whether samples are grey levels. getRGB must not be used on these: Java treats them as linear light and brightens
     * them.
     */
    private static boolean isGrey(BufferedImage image) {
        return image.getColorModel() instanceof ComponentColorModel
                && image.getRaster().getNumBands() <= 2;
    }

    private static void fromPalette(Raster raster, IndexColorModel palette, byte[] pixels) {
        int[] samples = samples(raster);
        byte[] grey = new byte[palette.getMapSize()];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = luma(palette.getRGB(i));
        }
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = grey[samples[i]];
        }
    }

    private static void fromSamples(Raster raster, int bits, byte[] pixels) {
        int[] samples = samples(raster);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (bits > 8 ? samples[i] >> (bits - 8) : samples[i]);
        }
    }

    private static int[] samples(Raster raster) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        return raster.getSamples(raster.getMinX(), raster.getMinY(), width, height, 0, new int[width * height]);
    }

    private static void fromColours(BufferedImage image, byte[] pixels) {
        int width = image.getWidth();
        int[] colours = image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = luma(colours[i]);
        }
    }

    private static byte luma(int rgb) {
        int red = (rgb >> 16) & 0xff;
        int green = (rgb >> 8) & 0xff;
        int blue = rgb & 0xff;
        return (byte) ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
    }
}
