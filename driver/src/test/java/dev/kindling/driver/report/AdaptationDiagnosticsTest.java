package dev.kindling.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class AdaptationDiagnosticsTest {
    @Test
    void agreementIsTheMeanCosineOfAllPairs() {
        // cos(e1, e2) = 0, and cos of both with their sum is √½: (0 + √½ + √½) / 3.
        List<double[]> vectors = List.of(new double[] {3, 0}, new double[] {0, 0.5}, new double[] {2, 2});
        assertThat(AdaptationDiagnostics.agreement(vectors)).isEqualTo(2 * Math.sqrt(0.5) / 3, within(1e-12));
    }

    @Test
    void oppositeVectorsDisagreeAndEqualOnesAgree() {
        assertThat(AdaptationDiagnostics.agreement(List.of(new double[] {1, 2}, new double[] {-2, -4})))
                .isEqualTo(-1, within(1e-12));
        assertThat(AdaptationDiagnostics.agreement(List.of(new double[] {1, 2}, new double[] {2, 4})))
                .isEqualTo(1, within(1e-12));
    }

    @Test
    void zeroAndNonFiniteContributionsHaveNoAgreement() {
        assertThat(AdaptationDiagnostics.agreement(List.of(new double[2], new double[2])))
                .isNaN();
        assertThat(AdaptationDiagnostics.agreement(List.of(new double[] {1, 1}, new double[] {Double.NaN, 0})))
                .isNaN();
    }
}
