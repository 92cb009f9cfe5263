package dev.kindling.job.executor.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.BackendUnavailableException;
import org.junit.jupiter.api.Test;

class NvidiaSmiTest {
    @Test
    void aLineIsACard() {
        assertThat(NvidiaSmi.card("1, GPU-5f0c1c6e-6d6b, NVIDIA A10"))
                .isEqualTo(new Card(1, "GPU-5f0c1c6e-6d6b", "NVIDIA A10"));
    }

    @Test
    void whatIsNoCardIsSaid() {
        for (String line : new String[] {"No devices were found", "x, GPU-1, A10", "1, GPU-1"}) {
            assertThatThrownBy(() -> NvidiaSmi.card(line))
                    .isInstanceOf(BackendUnavailableException.class)
                    .hasMessageContaining('"' + line + '"')
                    .hasMessageContaining("backend.name must be vector");
        }
    }
}
