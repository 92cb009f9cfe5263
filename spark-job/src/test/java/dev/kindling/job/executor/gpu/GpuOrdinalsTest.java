package dev.kindling.job.executor.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected ordinals are those that CUDA's programming guide defines for its environment variables. */
class GpuOrdinalsTest {
    private static final GpuInventory FOUR =
            () -> List.of(card(0, "GPU-a000"), card(1, "GPU-a111"), card(2, "GPU-b222"), card(3, "GPU-b333"));
    private static final GpuInventory NOT_QUERIED = () -> {
        throw new AssertionError("numbers need no query");
    };

    private static GpuInfo card(int index, String uuid) {
        return new GpuInfo(index, uuid, "A10", new GpuSupport.Capability(8, 6), OptionalLong.empty());
    }

    private static int ordinal(String address, String visible, GpuInventory inventory) {
        Device.Gpu gpu = GpuOrdinals.gpu(List.of(address), Optional.ofNullable(visible), inventory);
        assertThat(gpu.address()).isEqualTo(address);
        return gpu.ordinal();
    }

    @Test
    void whereNothingIsHiddenANumberIsTheOrdinal() {
        assertThat(ordinal("0", null, NOT_QUERIED)).isZero();
        assertThat(ordinal("3", null, NOT_QUERIED)).isEqualTo(3);
    }

    @Test
    void whereNothingIsHiddenAnIdIsLookedUp() {
        assertThat(ordinal("GPU-b222", null, FOUR)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"2, '2,3', 0", "3, '2,3', 1", "0, '3, 0', 1"})
    void whatCudaHidesItDoesNotCount(String address, String visible, int ordinal) {
        assertThat(ordinal(address, visible, NOT_QUERIED)).isEqualTo(ordinal);
    }

    @ParameterizedTest
    @CsvSource({
        "GPU-b222, 'GPU-b333,GPU-b222', 1",
        "3, 'GPU-b333,GPU-b222', 0",
        "GPU-a111, '3,1', 1",
        "1, 'GPU-b222,GPU-a1', 1"
    })
    void numbersAndIdsMeanTheSameCards(String address, String visible, int ordinal) {
        assertThat(ordinal(address, visible, FOUR)).isEqualTo(ordinal);
    }

    @ParameterizedTest
    @CsvSource({"0, '2,3'", "GPU-a000, '2,3'", "0, ''", "1, '-1'", "0, GPU-b222"})
    void aHiddenGpuIsRefusedAndNotTakenForAPlaceInTheList(String address, String visible) {
        assertThatThrownBy(() -> ordinal(address, visible, FOUR))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("the GPU " + address + ", which CUDA_VISIBLE_DEVICES hides")
                .hasMessageContaining('"' + visible + '"');
    }

    @Test
    void anIdOfAnotherMachineIsRefusedWithThoseOfThisOne() {
        assertThatThrownBy(() -> ordinal("GPU-c444", null, FOUR))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("GPU-c444")
                .hasMessageContaining("[GPU-a000, GPU-a111, GPU-b222, GPU-b333]");
    }

    @Test
    void aMigInstanceMustBeTheOneThatCudaShows() {
        assertThat(ordinal("MIG-1", "MIG-1", NOT_QUERIED)).isZero();
        assertThatThrownBy(() -> ordinal("MIG-2", "MIG-1,MIG-2", NOT_QUERIED))
                .hasMessageContaining("CUDA_VISIBLE_DEVICES hides");
        assertThatThrownBy(() -> ordinal("MIG-1", null, NOT_QUERIED))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("must be set in the environment");
    }

    @Test
    void severalGpusForOneSparkTaskAreRefused() {
        assertThatThrownBy(() -> GpuOrdinals.gpu(List.of("0", "1"), Optional.empty(), NOT_QUERIED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[0, 1]")
                .hasMessageContaining("spark.task.resource.gpu.amount must be 1");
    }
}
