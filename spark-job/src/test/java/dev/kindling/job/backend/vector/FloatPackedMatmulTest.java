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
    private static final int BEFORE = 3;
    private static final int SLACK = FloatLanes.slack();

    /** Groups and panels that are full and partly filled, and depths and widths at which a product is continued. */
    @ParameterizedTest
    @CsvSource({
        "12, 64, 64, 8, false", "13, 67, 70, 9, false", "17, 96, 96, 288, true", "18, 100, 101, 289, false",
        "23, 129, 129, 600, true", "12, 601, 601, 290, true", "6, 5, 9, 3, false", "1, 1, 1, 1, false"
    })
    void everyElementIsOneChain(int m, int n, int row, int k, boolean transposed) {
        RandomStream stream = RandomStream.of(m, n, k);
        int aRow = transposed ? 1 : k;
        int aColumn = transposed ? m : 1;
        int size = (m - 1) * row + n;
        float[] a = floats(BEFORE + m * k, stream);
        float[] b = floats(BEFORE + (k - 1) * row + n + SLACK, stream);
        // Nothing follows a start and a result: they may be the last of a caller's array.
        float[] s = floats(BEFORE + size, stream);
        for (int sRow : new int[] {0, row}) {
            float[] expected = untouched(BEFORE + size);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    float sum = s[BEFORE + i * sRow + j];
                    for (int x = 0; x < k; x++) {
                        sum = Math.fma(a[BEFORE + i * aRow + x * aColumn], b[BEFORE + x * row + j], sum);
                    }
                    expected[BEFORE + i * row + j] = sum;
                }
            }
            float[] c = untouched(BEFORE + size);
            FloatPackedMatmul.matrices(m, n, k, row, a, BEFORE, aRow, aColumn, b, BEFORE, s, BEFORE, sRow, c, BEFORE);
            assertThat(Arrays.equals(c, expected)).as("start row %d", sRow).isTrue();
            if (sRow == row) {
                float[] own = s.clone();
                FloatPackedMatmul.matrices(
                        m, n, k, row, a, BEFORE, aRow, aColumn, b, BEFORE, own, BEFORE, row, own, BEFORE);
                for (int i = 0; i < m; i++) {
                    int at = BEFORE + i * row;
                    assertThat(Arrays.equals(own, at, at + n, expected, at, at + n))
                            .as("its own start, row %d", i)
                            .isTrue();
                }
            }
        }
    }

    /** The three products of a convolution, whose factors lie in runs, next to each other, and apart; runs end within panels. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 50})
    void windowsAreTheSameChains(int channels) {
        int out = 50;
        Window window = Window.same(7, 5, 3, 3, 2, 1);
        WindowIndexTable.PaddedImages images = WindowIndexTable.padding(window, 3, channels);
        WindowIndexTable.PaddedImages cotangents = WindowIndexTable.cotangentPadding(window, 3, out);
        for (boolean own : new boolean[] {false, true}) {
            isTheSameChains(WindowIndexTable.conv(window, images, out), images, out, own);
            isTheSameChains(WindowIndexTable.kernel(window, images, out), images, out, own);
            isTheSameChains(
                    WindowIndexTable.strideClass(window, cotangents, channels, 1, 0), cotangents, channels, own);
        }
    }

    /** Compares a product that starts from one row, or from the result's own numbers. */
    private static void isTheSameChains(WindowIndexTable t, WindowIndexTable.PaddedImages images, int n, boolean own) {
        RandomStream stream = RandomStream.of(n, t.rows().length);
        float[] a = floats(images.size(), stream);
        float[] b = floats(Arrays.stream(t.bRows()).max().orElseThrow() + n + SLACK, stream);
        float[] d = untouched(Arrays.stream(t.targets()).max().orElseThrow() + n);
        float[] s = own ? d : floats(n, stream);
        int[] starts = own ? t.targets() : new int[t.rows().length];
        float[] expected = d.clone();
        for (int i = 0; i < t.rows().length; i++) {
            for (int j = 0; j < n; j++) {
                float sum = s[starts[i] + j];
                for (int x = 0; x < t.columns().length; x++) {
                    sum = Math.fma(a[t.rows()[i] + t.columns()[x]], b[t.bRows()[x] + j], sum);
                }
                expected[t.targets()[i] + j] = sum;
            }
        }
        FloatPackedMatmul.windows(t, n, a, 0, b, 0, s, 0, starts, d, 0);
        assertThat(Arrays.equals(d, expected)).isTrue();
    }

    private static float[] untouched(int size) {
        float[] numbers = new float[size];
        Arrays.fill(numbers, UNTOUCHED);
        return numbers;
    }

    private static float[] floats(int size, RandomStream stream) {
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) stream.nextDouble(-2, 2);
        }
        return numbers;
    }
}
