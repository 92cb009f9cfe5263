package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendsTest {
    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar", "reference", "nd4j"})
    void knownNamesAreAccepted(String name) {
        assertThatCode(() -> Backends.refuseUnknown(name)).doesNotThrowAnyException();
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> Backends.refuseUnknown("abacus"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("backend.name is abacus; it must be vector, scalar, reference or nd4j");
    }

    @Test
    void theFormerNameOfTheReferenceBackendIsRefusedWithTheNewOne() {
        assertThatThrownBy(() -> Backends.refuseUnknown("plain"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "backend.name is plain, which is now called reference; it must be vector, scalar, reference or nd4j");
    }
}
