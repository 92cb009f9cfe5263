package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.program.Window;
import dev.kindling.job.random.RandomStream;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Large products over copied operands against the same chains of multiply-adds, bit by bit; what is beside a result stays. */
class FloatPackedMatmulTest {
    private static final float UNTOUCHED = 7;
    private static final int SLACK = FloatLanes.slack();

    /** Groups and panels that are full and partly filled, and depths and widths at which a product is continued. */
    @ParameterizedTest
    @CsvSource({
        "12, 64, 8, false",
        "13, 67, 9, false",
        "17, 96, 288, true",
        "18, 100, 289, false",
        "23, 129, 600, true",
        "12, 601, 15, true",
        "6, 5, 3, false",
        "1, 1, 1, false"
    })
    void everyElementIsOneChain(int m, int n, int k, boolean transposed) {
        RandomStream stream = RandomStream.of(m, n, k);
        int aRow = transposed ? 1 : k;
        int aColumn = transposed ? m : 1;
        float[] a = floats(m * k, stream);
        float[] b = floats(k * n, stream);
        float[] s = floats(m * n, stream);
        for (int sRow : new int[] {0, n}) {
            float[] expected = untouched(m * n);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    float sum = s[i * sRow + j];
                    for (int x = 0; x < k; x++) {
                        sum = Math.fma(a[i * aRow + x * aColumn], b[x * n + j], sum);
                    }
                    expected[i * n + j] = sum;
                }
            }
            float[] c = untouched(m * n);
            FloatPackedMatmul.matrices(m, n, k, n, a, 0, aRow, aColumn, b, 0, s, 0, sRow, c, 0);
            assertThat(Arrays.equals(c, expected)).as("start row %d", sRow).isTrue();
        }
        float[] own = Arrays.copyOf(s, m * n + SLACK);
        FloatPackedMatmul.matrices(m, n, k, n, a, 0, aRow, aColumn, b, 0, own, 0, n, own, 0);
        float[] apart = new float[m * n + SLACK];
        FloatPackedMatmul.matrices(m, n, k, n, a, 0, aRow, aColumn, b, 0, s, 0, n, apart, 0);
        assertThat(Arrays.equals(own, 0, m * n, apart, 0, m * n))
                .as("its own start")
                .isTrue();
    }

    /** The three products of a convolution, whose factors lie in runs, next to each other, and apart; runs end within panels. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 50})
    void windowsAreTheSameChains(int channels) {
        int out = 50;
        Window window = Window.same(7, 5, 3, 3, 2, 1);
        WindowIndexTable.PaddedImages images = WindowIndexTable.padding(window, 3, channels);
        WindowIndexTable.PaddedImages cotangents = WindowIndexTable.cotangentPadding(window, 3, out);
        isTheSameChains(WindowIndexTable.conv(window, images, out), images, out);
        isTheSameChains(WindowIndexTable.kernel(window, images, out), images, out);
        isTheSameChains(WindowIndexTable.strideClass(window, cotangents, channels, 1, 0), cotangents, channels);
    }

    private static void isTheSameChains(WindowIndexTable t, WindowIndexTable.PaddedImages images, int n) {
        RandomStream stream = RandomStream.of(n, t.rows().length);
        float[] a = floats(images.size(), stream);
        float[] b = floats(Arrays.stream(t.bRows()).max().orElseThrow() + n, stream);
        float[] s = floats(n, stream);
        int[] starts = new int[t.rows().length];
        float[] expected = untouched(Arrays.stream(t.targets()).max().orElseThrow() + n);
        for (int i = 0; i < t.rows().length; i++) {
            for (int j = 0; j < n; j++) {
                float sum = s[j];
                for (int x = 0; x < t.columns().length; x++) {
                    sum = Math.fma(a[t.rows()[i] + t.columns()[x]], b[t.bRows()[x] + j], sum);
                }
                expected[t.targets()[i] + j] = sum;
            }
        }
        float[] d = untouched(expected.length - SLACK);
        FloatPackedMatmul.windows(t, n, a, 0, b, 0, s, 0, starts, d, 0);
        assertThat(Arrays.equals(d, expected)).isTrue();
    }

    private static float[] untouched(int size) {
        float[] numbers = new float[size + SLACK];
        Arrays.fill(numbers, UNTOUCHED);
        return numbers;
    }

    private static float[] floats(int size, RandomStream stream) {
        float[] numbers = new float[size + SLACK];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) stream.nextDouble(-2, 2);
        }
        return numbers;
    }
}
