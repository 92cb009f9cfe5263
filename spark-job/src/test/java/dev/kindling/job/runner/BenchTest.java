package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.wire.Job;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BenchTest {
    private static final Device FIRST = new Device.Gpu("0", 0);
    private static final Device SECOND = new Device.Gpu("1", 1);

    private final Job job = Noise.job(Precision.FLOAT, 2);
    private final Bench bench = new Bench(job, job.program("train"), Backends.named("plain"), new Noise());

    @Test
    void aHandIsLentToThreadsOfItsOwnDeviceOnly() {
        Hand first = bench.borrow(FIRST);
        bench.giveBack(first);
        Hand second = bench.borrow(SECOND);
        assertThat(second).isNotSameAs(first);
        assertThat(List.of(first.device(), second.device())).containsExactly(FIRST, SECOND);
        assertThat(bench.borrow(Device.PROCESSOR)).isNotIn(first, second);
    }

    @Test
    void aThreadThatChangesDevicesFindsTheHandsOfBothAgain() {
        Hand first = bench.borrow(FIRST);
        bench.giveBack(first);
        Hand second = bench.borrow(SECOND);
        bench.giveBack(second);
        assertThat(bench.borrow(FIRST)).isSameAs(first);
        assertThat(bench.borrow(SECOND)).isSameAs(second);
    }

    @Test
    void anIdleHandServesAnotherThreadOfItsDevice() {
        List<Hand> both = Stream.of(FIRST, SECOND).map(bench::borrow).toList();
        both.forEach(bench::giveBack);
        assertThat(CompletableFuture.supplyAsync(() -> bench.borrow(SECOND)).join())
                .isSameAs(both.get(1));
    }
}
