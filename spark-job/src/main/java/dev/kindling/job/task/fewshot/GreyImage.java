package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.BadDataException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * An image as 8-bit grey, row-major, 0 black and 255 white. Colours become grey by ITU-R 601's luma in the fixed point
 * that Pillow uses; transparency is ignored.
 */
record GreyImage(int width, int height, byte[] pixels) {
    private static final Set<String> FORMATS = Set.of("png", "jpeg", "bmp", "gif");
    private static final long LARGEST = 1L << 24;

    /**
     * Decodes a PNG, JPEG, BMP or GIF file (of several frames, the first).
     *
     * @param name for messages
     * @throws BadDataException if the bytes are not such an image, or one of more than 2^24 pixels
     */
    static GreyImage decode(String name, byte[] bytes) {
        // A stream over the array: ImageIO's own would write a cache file for each image.
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            ImageReader reader = reader(name, in);
            try {
                reader.setInput(in, true, true);
                refuseHuge(name, reader.getWidth(0), reader.getHeight(0));
                return of(reader.read(0));
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) {
            // ImageIO answers crafted files with exceptions of any type.
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
            if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
        }
        throw notAnImage(name, null);
    }

    private static BadDataException notAnImage(String name, @Nullable Throwable cause) {
        return new BadDataException(
                "few-shot.data: " + name + " is not an image that can be read; it must be a PNG, JPEG, BMP or GIF file",
                cause);
    }

    private static void refuseHuge(String name, int width, int height) {
        if ((long) width * height > LARGEST) {
            throw new BadDataException("few-shot.data: image " + name + " is " + width + " x " + height
                    + " pixels; an image may have " + LARGEST);
        }
    }

    private static GreyImage of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[width * height];
        ColorModel model = image.getColorModel();
        if (model instanceof IndexColorModel palette) {
            looked(image.getRaster(), palette, pixels);
        } else if (model instanceof ComponentColorModel && image.getRaster().getNumBands() <= 2) {
            // Not getRGB: Java takes grey samples for linear light and would brighten them.
            sampled(image.getRaster(), model.getComponentSize(0), pixels);
        } else {
            coloured(image, pixels);
        }
        return new GreyImage(width, height, pixels);
    }

    private static void looked(Raster raster, IndexColorModel palette, byte[] pixels) {
        int[] samples = samples(raster);
        byte[] grey = new byte[palette.getMapSize()];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = luma(palette.getRGB(i));
        }
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = grey[samples[i]];
        }
    }

    private static void sampled(Raster raster, int bits, byte[] pixels) {
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

    private static void coloured(BufferedImage image, byte[] pixels) {
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
