package dev.kindling.job.executor.gpu;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.backend.GpuSupport.Capability;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Refusals of GPUs, with a fake inventory. */
class GpuRequirementCheckTest {
    private static final long GIBIBYTE = 1L << 30;
    private static final Optional<String> BY_BUS = Optional.of("PCI_BUS_ID");
    private static final GpuSupport SUPPORT = new GpuSupport(new Capability(3, 7), new Capability(8, 9), GIBIBYTE);
    private static final GpuRequirementCheck.Requirements NEED =
            new GpuRequirementCheck.Requirements("nd4j", SUPPORT, 1, GIBIBYTE);
    private static final Device FIRST = new Device.Gpu("0", 0);

    private static GpuInfo card(int index, String capability, long freeMebibytes) {
        return new GpuInfo(
                index,
                "GPU-" + index,
                "a card",
                Capability.of(capability),
                freeMebibytes < 0 ? OptionalLong.empty() : OptionalLong.of(freeMebibytes << 20));
    }

    private static GpuRequirementCheck of(GpuInfo... infos) {
        return new GpuRequirementCheck(() -> List.of(infos), BY_BUS);
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(
            GpuRequirementCheck check, Device device, GpuRequirementCheck.Requirements requirements) {
        return assertThatThrownBy(() -> check.require(device, requirements))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.7", "5.2", "6.1", "7.5", "8.0", "8.6", "8.9"})
    void fromKeplerToAdaThereIsCode(String capability) {
        assertThatCode(() -> of(card(0, capability, 16_000)).require(FIRST, NEED))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.0", "10.0", "12.0", "3.5"})
    void forOthersThereIsNoneAndTheWayOutIsSaid(String capability) {
        assertRefused(of(card(0, capability, 80_000)), FIRST, NEED)
                .hasMessageStartingWith("GPU 0 (a card) has compute capability " + capability
                        + ", and the nd4j backend has code for 3.7 to 8.9; set backend.name = vector");
    }

    @Test
    void theCardOfTheAddressCountsAndNoOther() {
        GpuRequirementCheck both = of(card(0, "9.0", 80_000), card(1, "8.6", 24_000));
        assertThatCode(() -> both.require(new Device.Gpu("1", 1), NEED)).doesNotThrowAnyException();
        assertThatCode(() -> both.require(new Device.Gpu("GPU-1", 1), NEED)).doesNotThrowAnyException();
        assertRefused(both, FIRST, NEED).hasMessageStartingWith("GPU 0 ");
    }

    @Test
    void memoryIsForTheLibrariesAndForEachSparkTaskOnTheGpu() {
        GpuRequirementCheck check = of(card(0, "8.6", 3 * 1024));
        assertThatCode(() -> check.require(FIRST, new GpuRequirementCheck.Requirements("nd4j", SUPPORT, 2, GIBIBYTE)))
                .doesNotThrowAnyException();
        assertRefused(check, FIRST, new GpuRequirementCheck.Requirements("nd4j", SUPPORT, 4, GIBIBYTE))
                .hasMessageStartingWith(
                        "GPU 0 (a card) has 3072 MiB free, and the job needs 5120 MiB: 1024 MiB for "
                                + "libraries and 1024 MiB (backend.memory) for each of 4 Spark tasks on it; lower backend.memory");
    }

    @Test
    void aMigInstanceIsCheckedAsTheNewestGpuAndItsMemoryIsUnknown() {
        Device slice = new Device.Gpu("MIG-1", 0);
        assertThatCode(() -> of(card(0, "8.0", -1)).require(slice, NEED)).doesNotThrowAnyException();
        assertRefused(of(card(0, "8.0", -1), card(1, "9.0", -1)), slice, NEED)
                .hasMessageStartingWith("GPU MIG-1 (a card) has compute capability 9.0");
    }

    @Test
    void aSparkTaskWithoutAGpuIsRefusedWhereTheBackendHasCodeForGpusAlone() {
        assertRefused(of(card(0, "8.6", 16_000)), Device.PROCESSOR, NEED)
                .hasMessageContaining("backend.name is nd4j")
                .hasMessageContaining("spark.task.resource.gpu.amount must be set");
    }

    @Test
    void anAddressWhereThereIsNoGpuIsRefused() {
        assertRefused(of(), FIRST, NEED).hasMessageContaining("nvidia-smi sees no GPU on this machine");
    }

    @Test
    void severalGpusMustBeCountedAsNvidiaSmiCountsThem() {
        GpuInventory two = () -> List.of(card(0, "8.6", 16_000), card(1, "8.6", 16_000));
        assertRefused(new GpuRequirementCheck(two, Optional.empty()), FIRST, NEED)
                .hasMessageContaining("CUDA_DEVICE_ORDER is not set")
                .hasMessageContaining("spark.executorEnv.CUDA_DEVICE_ORDER");
        assertRefused(new GpuRequirementCheck(two, Optional.of("FASTEST_FIRST")), FIRST, NEED)
                .hasMessageContaining("CUDA_DEVICE_ORDER is FASTEST_FIRST");
        GpuInventory one = () -> List.of(card(0, "8.6", 16_000));
        assertThatCode(() -> new GpuRequirementCheck(one, Optional.empty()).require(FIRST, NEED))
                .doesNotThrowAnyException();
    }
}
