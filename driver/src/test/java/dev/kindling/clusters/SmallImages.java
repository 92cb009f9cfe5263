package dev.kindling.clusters;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** Writes an image set for tests: a zip of small images in classes, and a folder with the class lists of its splits. */
public final class SmallImages {
    private static final int CLASSES_OF_A_SPLIT = 6;
    private static final int IMAGES_OF_A_CLASS = 4;
    private static final int SIZE = 12;

    private SmallImages() {}

    /** Writes {@code pictures.zip} and {@code splits/} into a folder. */
    public static void write(Path folder) throws IOException {
        Path splits = Files.createDirectories(folder.resolve("splits"));
        try (OutputStream out = Files.newOutputStream(folder.resolve("pictures.zip"));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String split : List.of("train", "val", "test")) {
                StringBuilder lines = new StringBuilder();
                for (int type = 0; type < CLASSES_OF_A_SPLIT; type++) {
                    String name = split + "/class" + type;
                    lines.append(name).append('\n');
                    for (int image = 0; image < IMAGES_OF_A_CLASS; image++) {
                        zip.putNextEntry(new ZipEntry(name + "/" + image + ".png"));
                        ImageIO.write(picture((split + type).hashCode(), image), "png", zip);
                    }
                }
                Files.writeString(splits.resolve(split + ".txt"), lines);
            }
        }
    }

    /** Draws stripes that differ between classes, with a dot that differs between the images of a class. */
    private static BufferedImage picture(int type, int image) {
        BufferedImage picture = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                boolean stripe = ((type >>> ((x + y * (type & 1)) % 31)) & 1) == 1;
                picture.getRaster().setSample(x, y, 0, stripe || (x == image && y == image) ? 0 : 255);
            }
        }
        return picture;
    }

    /**
     * Writes the image set.
     *
     * @param folder one path, the folder to write into, which is created if it does not exist
     */
    public static void main(String[] folder) throws IOException {
        write(Files.createDirectories(Path.of(folder[0])));
    }
}
