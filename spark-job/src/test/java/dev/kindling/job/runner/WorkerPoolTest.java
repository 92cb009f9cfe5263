package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Device;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerPoolTest {
    private static final BroadcastVector THETA =
            new BroadcastVector(1, FlatVector.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));
    private static final int BLOCK_SIZE = 3;
    private static final int TASKS = 64;

    private final CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, BLOCK_SIZE), new Noise());

    private static RangeRequest request(int... how) {
        List<TaskSpec> specs = IntStream.range(0, TASKS)
                .mapToObj(i -> Noise.spec(i, i < how.length ? how[i] : Noise.GOOD))
                .toList();
        return new RangeRequest("train", 1, (TASKS + BLOCK_SIZE - 1) / BLOCK_SIZE, 0, specs, OutputMode.SUMS);
    }

    private static List<Thread> startWorkers(WorkerPool pool, int threads, AtomicBoolean stay) {
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> pool.runWorker(Device.PROCESSOR, stay::get));
            thread.start();
            workers.add(thread);
        }
        return workers;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void anyNumberOfThreadsGivesTheReplyOfOne(int threads) throws InterruptedException {
        RangeResult expected = compiled.run(request(Noise.GOOD, Noise.LOSS_IS_NAN), THETA, "one");
        WorkerPool pool = new WorkerPool(compiled, Duration.ofMillis(1));
        AtomicBoolean stay = new AtomicBoolean(true);
        List<Thread> workers = startWorkers(pool, threads, stay);
        for (int round = 0; round < 200; round++) {
            RangeResult result =
                    pool.helpAndAwait(pool.submit(request(Noise.GOOD, Noise.LOSS_IS_NAN), THETA, "many", 1));
            assertThat(result.sums()).isEqualTo(expected.sums());
            assertThat(result.failed()).isEqualTo(expected.failed()).hasSize(1);
        }
        stay.set(false);
        for (Thread thread : workers) {
            thread.join();
        }
        assertThat(pool.threads()).isZero();
    }

    @Test
    void threadsThatWereAsleepWakeUpForWork() throws Exception {
        WorkerPool pool = new WorkerPool(compiled, Duration.ZERO);
        AtomicBoolean stay = new AtomicBoolean(true);
        List<Thread> workers = startWorkers(pool, 2, stay);
        for (int round = 0; round < 20; round++) {
            // Nobody but the sleepers can do it.
            assertThat(pool.submit(request(), THETA, "sleepers", 0)
                            .result()
                            .get()
                            .sums())
                    .hasSize(1);
            Thread.sleep(2);
        }
        stay.set(false);
        for (Thread thread : workers) {
            thread.join();
        }
    }

    @Test
    void aThreadThatLeavesLeavesItsBlocksToOthers() throws InterruptedException {
        WorkerPool pool = new WorkerPool(compiled, Duration.ZERO);
        RangeExecution execution = pool.submit(request(), THETA, "two", 1);
        AtomicInteger queried = new AtomicInteger();
        assertThat(execution.takePart(Device.PROCESSOR, () -> queried.incrementAndGet() < 4))
                .isTrue();
        assertThat(execution.result()).isNotDone();
        assertThat(pool.helpAndAwait(execution).sums())
                .isEqualTo(compiled.run(request(), THETA, "one").sums());
    }

    @Test
    void anExceptionOfAWorkerIsThrownToTheWaitingThread() throws InterruptedException {
        WorkerPool pool = new WorkerPool(compiled, Duration.ofMillis(1));
        AtomicBoolean stay = new AtomicBoolean(true);
        startWorkers(pool, 2, stay);
        RangeRequest bad = request(Noise.GOOD, Noise.GOOD, Noise.GOOD, Noise.GOOD, Noise.NO_DATA);
        for (int round = 0; round < 20; round++) {
            assertThatThrownBy(() -> pool.helpAndAwait(pool.submit(bad, THETA, "two", 1)))
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContaining("is empty");
        }
        assertThat(pool.helpAndAwait(pool.submit(request(), THETA, "two", 1)).sums())
                .hasSize(1);
        stay.set(false);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8})
    void everyBlockIsTakenOnceHoweverManyThreadsTakeThem(int threads) throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            WorkStealingRanges ranges = new WorkStealingRanges(3, 40, 4);
            ConcurrentLinkedQueue<Integer> taken = new ConcurrentLinkedQueue<>();
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Thread thread = new Thread(() -> {
                    int home = ranges.assignSpan();
                    for (int block = ranges.take(home); block != WorkStealingRanges.NONE; block = ranges.take(home)) {
                        taken.add(block);
                    }
                });
                thread.start();
                all.add(thread);
            }
            for (Thread thread : all) {
                thread.join();
            }
            assertThat(taken)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(3, 40).boxed().toList());
            assertThat(ranges.any()).isFalse();
        }
    }
}
