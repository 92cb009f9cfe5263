package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.random.RandomStream;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Large products in plain loops against the same chains of multiply-adds, bit by bit. */
class FloatScalarPanelsTest {
    /** Panels that are full and partly filled, groups likewise, odd depths, and depths at which a product is continued. */
    @ParameterizedTest
    @CsvSource({
        "3, 64, 4, true", "5, 128, 7, true", "7, 300, 513, true", "11, 129, 1030, true",
        "42, 10, 4, false", "128, 11, 9, false", "300, 33, 515, false", "129, 14, 1024, false"
    })
    void everyElementIsOneChain(int m, int n, int k, boolean columns) {
        assertThat(FloatScalarPanels.columnsFit(m, n, k)).isEqualTo(columns);
        assertThat(columns || FloatScalarPanels.rowsFit(m, n, k)).isTrue();
        RandomStream stream = RandomStream.of(m, n, k);
        float[] a = floats(m * k, stream);
        float[] b = floats(k * n, stream);
        float[] s = floats(m * n, stream);
        for (int sRow : new int[] {0, n}) {
            float[] expected = new float[m * n];
            for (int at = 0; at < m * n; at++) {
                float sum = s[at / n * sRow + at % n];
                for (int x = 0; x < k; x++) {
                    sum = Math.fma(a[at / n * k + x], b[x * n + at % n], sum);
                }
                expected[at] = sum;
            }
            float[] c = new float[m * n];
            FloatScalarMatmul.multiply(m, n, k, a, 0, k, 1, b, 0, s, 0, sRow, c, 0);
            assertThat(Arrays.equals(c, expected)).as("start row %d", sRow).isTrue();
            if (sRow == n) {
                float[] own = s.clone();
                FloatScalarMatmul.multiply(m, n, k, a, 0, k, 1, b, 0, own, 0, n, own, 0);
                assertThat(Arrays.equals(own, expected)).as("its own start").isTrue();
            }
        }
    }

    private static float[] floats(int size, RandomStream stream) {
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) stream.nextDouble(-2, 2);
        }
        return numbers;
    }
}
