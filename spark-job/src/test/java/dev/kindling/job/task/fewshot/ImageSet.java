package dev.kindling.job.task.fewshot;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** A small image set for tests, written as a directory tree or as a zip in the order in which files were added. */
public final class ImageSet {
    private final Map<String, byte[]> files = new LinkedHashMap<>();

    /** Adds a folder of {@code count} images, each of a single grey derived from its path. */
    public ImageSet images(String folder, int count) {
        for (int i = 1; i <= count; i++) {
            String path = folder + "/%02d.png".formatted(i);
            files.put(path, png(grey(path)));
        }
        return this;
    }

    /** The grey of every pixel of an image made by {@link #images}. */
    static int grey(String path) {
        return Math.floorMod(path.substring(Math.max(0, path.length() - 12)).hashCode() * 31, 256);
    }

    ImageSet file(String path, byte[] bytes) {
        files.put(path, bytes);
        return this;
    }

    /** Adds a text file. */
    public ImageSet text(String path, String text) {
        return file(path, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes the files as a directory tree. */
    public Path tree(Path root) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = root.resolve(file.getKey());
            if (file.getKey().endsWith("/")) {
                Files.createDirectories(path);
            } else {
                Files.createDirectories(path.getParent());
                Files.write(path, file.getValue());
            }
        }
        return root;
    }

    /** Writes the files as a zip. */
    public Path zip(Path path) throws IOException {
        try (OutputStream out = Files.newOutputStream(path);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue());
            }
        }
        return path;
    }

    private static byte[] png(int grey) {
        BufferedImage image = new BufferedImage(6, 6, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 36; i++) {
            image.getRaster().setSample(i % 6, i / 6, 0, grey);
        }
        return encoded(image, "png");
    }

    static byte[] encoded(BufferedImage image, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalArgumentException("no writer for " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
