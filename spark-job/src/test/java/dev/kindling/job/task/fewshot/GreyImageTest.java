package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

final class GreyImageTest {
    private static int grey(BufferedImage image, String format) {
        GreyImage decoded = GreyImage.decode("test", ImageSet.encoded(image, format));
        assertThat(decoded.width()).isEqualTo(16);
        assertThat(decoded.height()).isEqualTo(8);
        return decoded.pixels()[20] & 0xff;
    }

    private static BufferedImage filled(int type, int rgb) {
        BufferedImage image = new BufferedImage(16, 8, type);
        for (int i = 0; i < 16 * 8; i++) {
            image.setRGB(i % 16, i / 16, rgb);
        }
        return image;
    }

    @Test
    void greySamplesAreTakenAsTheyAre() {
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
    void oneBitImagesAreBlackAndWhite() {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_BINARY);
        assertThat(grey(image, "png")).isZero();
        image.getRaster().setSample(4, 1, 0, 1);
        assertThat(grey(image, "png")).isEqualTo(255);
    }
}
