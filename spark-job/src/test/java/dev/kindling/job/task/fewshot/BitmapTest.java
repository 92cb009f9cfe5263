package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BitmapTest {
    private static int grey(BufferedImage image, String format) {
        Bitmap decoded = Bitmap.decode("test", ImageSet.encoded(image, format), 1);
        assertThat(decoded.width()).isEqualTo(16);
        assertThat(decoded.height()).isEqualTo(8);
        return decoded.planes().get(0)[20] & 0xff;
    }

    private static BufferedImage filled(int type, int rgb) {
        BufferedImage image = new BufferedImage(16, 8, type);
        for (int i = 0; i < 16 * 8; i++) {
            image.setRGB(i % 16, i / 16, rgb);
        }
        return image;
    }

    @Test
    void greySamplesAreUnchanged() {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(4, 1, 0, 77);
        assertThat(grey(image, "png")).isEqualTo(77);
        assertThat(grey(image, "bmp")).isEqualTo(77);
        assertThat(grey(image, "gif")).isEqualTo(77);
        BufferedImage wide = new BufferedImage(16, 8, BufferedImage.TYPE_USHORT_GRAY);
        wide.getRaster().setSample(4, 1, 0, 0x4dff);
        assertThat(grey(wide, "png")).isEqualTo(0x4d);
    }

    @Test
    void coloursBecomeLumaInEveryFormat() {
        // (19595 r + 38470 g + 7471 b + 32768) / 65536 for r = 200, g = 100, b = 50: 124.2
        int rgb = 0xffc86432;
        assertThat(grey(filled(BufferedImage.TYPE_INT_RGB, rgb), "png")).isEqualTo(124);
        assertThat(grey(filled(BufferedImage.TYPE_INT_ARGB, rgb), "png")).isEqualTo(124);
        assertThat(grey(filled(BufferedImage.TYPE_3BYTE_BGR, rgb), "bmp")).isEqualTo(124);
        assertThat(grey(filled(BufferedImage.TYPE_INT_RGB, rgb), "jpeg")).isBetween(122, 126);
    }

    @Test
    void coloursAreThreePlanesAndGreyIsThreeEqualOnes() {
        BufferedImage colour = filled(BufferedImage.TYPE_INT_RGB, 0xffc86432);
        for (String format : new String[] {"png", "bmp", "gif"}) {
            List<byte[]> planes =
                    Bitmap.decode("test", ImageSet.encoded(colour, format), 3).planes();
            assertThat(planes.stream().map(plane -> plane[20] & 0xff))
                    .as(format)
                    .containsExactly(0xc8, 0x64, 0x32);
        }
        BufferedImage grey = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(4, 1, 0, 77);
        assertThat(Bitmap.decode("test", ImageSet.encoded(grey, "png"), 3).planes().stream()
                        .map(plane -> plane[20] & 0xff))
                .containsExactly(77, 77, 77);
    }

    @Test
    void oneBitImagesAreBlackAndWhite() {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_BINARY);
        assertThat(grey(image, "png")).isZero();
        image.getRaster().setSample(4, 1, 0, 1);
        assertThat(grey(image, "png")).isEqualTo(255);
    }
}
