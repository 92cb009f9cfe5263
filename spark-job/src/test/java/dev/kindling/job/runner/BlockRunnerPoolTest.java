package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BlockRunnerPoolTest {
    private static final Device FIRST = new Device.Gpu("0", 0);
    private static final Device SECOND = new Device.Gpu("1", 1);

    private final Job job = Noise.job(Precision.FLOAT, 2);
    private final BlockRunnerPool runners =
            new BlockRunnerPool(job, job.program("train"), Backends.named("reference"), new Noise());

    @Test
    void aRunnerIsAcquiredForItsOwnDeviceOnly() {
        BlockRunner first = runners.acquire(FIRST);
        runners.release(first);
        BlockRunner second = runners.acquire(SECOND);
        assertThat(second).isNotSameAs(first);
        assertThat(List.of(first.device(), second.device())).containsExactly(FIRST, SECOND);
        assertThat(runners.acquire(Device.PROCESSOR)).isNotIn(first, second);
    }

    @Test
    void aThreadThatChangesDevicesAcquiresItsRunnerOfEachAgain() {
        BlockRunner first = runners.acquire(FIRST);
        runners.release(first);
        BlockRunner second = runners.acquire(SECOND);
        runners.release(second);
        assertThat(runners.acquire(FIRST)).isSameAs(first);
        assertThat(runners.acquire(SECOND)).isSameAs(second);
    }

    @Test
    void anIdleRunnerIsAcquiredByAnotherThreadWithItsDevice() {
        List<BlockRunner> both = Stream.of(FIRST, SECOND).map(runners::acquire).toList();
        both.forEach(runners::release);
        assertThat(CompletableFuture.supplyAsync(() -> runners.acquire(SECOND)).join())
                .isSameAs(both.get(1));
    }
}
