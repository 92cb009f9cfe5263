package dev.kindling.job.executor.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class NvidiaSmiTest {
    @Test
    void aLineIsACard() {
        assertThat(NvidiaSmi.parse("1, GPU-5f0c1c6e-6d6b, NVIDIA A10, 8.6, 22731"))
                .isEqualTo(new GpuInfo(
                        1,
                        "GPU-5f0c1c6e-6d6b",
                        "NVIDIA A10",
                        new GpuSupport.Capability(8, 6),
                        OptionalLong.of(23_835_181_056L)));
    }

    @Test
    void aGpuWithMigInstancesHasUnknownMemory() {
        assertThat(NvidiaSmi.parse("0, GPU-1, NVIDIA A100-SXM4-40GB, 8.0, [N/A]")
                        .free())
                .isEmpty();
    }

    @Test
    void whatIsNoCardIsSaid() {
        for (String line : new String[] {
            "No devices were found",
            "x, GPU-1, A10, 8.6, 1",
            "1, GPU-1",
            "1, GPU-1, A10, [N/A], 1",
            "1, GPU-1, A10, 8.6, much"
        }) {
            assertThatThrownBy(() -> NvidiaSmi.parse(line))
                    .isInstanceOf(BackendUnavailableException.class)
                    .hasMessageContaining('"' + line + '"')
                    .hasMessageContaining("backend.name must be vector");
        }
    }

    @Test
    void aCardIsMeantByItsNumberOrByItsIdOrTheBeginningOfThat() {
        GpuInfo info = NvidiaSmi.parse("1, GPU-5f0c1c6e-6d6b, NVIDIA A10, 8.6, 22731");
        assertThat(List.of("1", "GPU-5f0c1c6e-6d6b", "GPU-5f0c")).allMatch(info::isAt);
        assertThat(List.of("0", "11", "GPU-6", "5f0c", "MIG-5f0c")).noneMatch(info::isAt);
    }
}
