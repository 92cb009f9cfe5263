package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.tensor.TensorCases;
import dev.kindling.job.tensor.TensorCases.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The linear mixed model against NumPy; {@code mixed.py}. */
class MixedModelTest {
    private static final int ROUNDS = 25;

    private final Map<String, Tensor> expected =
            TensorCases.read(MixedModelTest.class, "mixed.txt").get(0);

    private double[] array(String name) {
        return expected.get(name).elements();
    }

    private List<MixedModel.Group> groups() {
        int columns = array("coefficients").length;
        List<MixedModel.Group> groups = new ArrayList<>();
        int row = 0;
        for (double size : array("sizes")) {
            int end = row + (int) size;
            groups.add(new MixedModel.Group(
                    Arrays.copyOfRange(array("x"), row * columns, end * columns),
                    Arrays.copyOfRange(array("y"), row, end)));
            row = end;
        }
        return groups;
    }

    @Test
    void iterationsAreThoseOfNumPy() {
        MixedModel fitted = MixedModel.fit(groups(), ROUNDS);

        assertThat(fitted.coefficients()).containsExactly(array("coefficients"), within(1e-10));
        assertThat(fitted.covariance()).containsExactly(array("covariance"), within(1e-10));
        assertThat(fitted.noise()).isCloseTo(array("noise")[0], within(1e-10));
    }

    @Test
    void theFactorIsThatOfTheCovariance() {
        MixedModel fitted = MixedModel.fit(groups(), ROUNDS);
        int n = fitted.coefficients().length;
        double[] lower = fitted.factor(1e-6);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double product = 0;
                for (int k = 0; k < n; k++) {
                    product += lower[i * n + k] * lower[j * n + k];
                }
                assertThat(product).isCloseTo(fitted.covariance()[i * n + j], within(2e-6));
            }
        }
    }

    @Test
    void groupsWithoutVariationGiveAFiniteModel() {
        List<MixedModel.Group> same = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            same.add(new MixedModel.Group(new double[] {1, 2, 1, 2}, new double[] {3, 3}));
        }
        MixedModel fitted = MixedModel.fit(same, ROUNDS);

        assertThat(fitted.coefficients()).doesNotContain(Double.NaN);
        assertThat(fitted.factor(1e-6)).doesNotContain(Double.NaN);
    }
}
