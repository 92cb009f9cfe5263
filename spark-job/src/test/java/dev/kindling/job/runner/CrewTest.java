package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Device;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
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
class CrewTest {
    private static final SharedVector THETA =
            new SharedVector(1, Storage.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));
    private static final int BLOCK_SIZE = 3;
    private static final int TASKS = 64;

    private final Runner runner = new Runner(Noise.job(Precision.DOUBLE, BLOCK_SIZE), new Noise());

    private static WorkOrder order(int... how) {
        List<TaskSpec> specs = IntStream.range(0, TASKS)
                .mapToObj(i -> Noise.spec(i, i < how.length ? how[i] : Noise.GOOD))
                .toList();
        return new WorkOrder("train", 1, (TASKS + BLOCK_SIZE - 1) / BLOCK_SIZE, 0, specs, false);
    }

    private static List<Thread> lend(Crew crew, int threads, AtomicBoolean stay) {
        List<Thread> lent = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> crew.lend(Device.PROCESSOR, stay::get));
            thread.start();
            lent.add(thread);
        }
        return lent;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void anyNumberOfThreadsGivesTheReplyOfOne(int threads) throws InterruptedException {
        WorkReply expected = runner.run(order(Noise.GOOD, Noise.LOSS_IS_NAN), THETA, "one");
        Crew crew = new Crew(runner, Duration.ofMillis(1));
        AtomicBoolean stay = new AtomicBoolean(true);
        List<Thread> lent = lend(crew, threads, stay);
        for (int round = 0; round < 200; round++) {
            WorkReply reply = crew.finish(crew.post(order(Noise.GOOD, Noise.LOSS_IS_NAN), THETA, "many", 1));
            assertThat(reply.nodes()).isEqualTo(expected.nodes());
            assertThat(reply.failed()).isEqualTo(expected.failed()).hasSize(1);
        }
        stay.set(false);
        for (Thread thread : lent) {
            thread.join();
        }
        assertThat(crew.threads()).isZero();
    }

    @Test
    void threadsThatWereAsleepWakeUpForWork() throws Exception {
        Crew crew = new Crew(runner, Duration.ZERO);
        AtomicBoolean stay = new AtomicBoolean(true);
        List<Thread> lent = lend(crew, 2, stay);
        for (int round = 0; round < 20; round++) {
            // Nobody but the sleepers can do it.
            assertThat(crew.post(order(), THETA, "sleepers", 0).reply().get().nodes())
                    .hasSize(1);
            Thread.sleep(2);
        }
        stay.set(false);
        for (Thread thread : lent) {
            thread.join();
        }
    }

    @Test
    void aThreadThatLeavesLeavesItsBlocksToOthers() throws InterruptedException {
        Crew crew = new Crew(runner, Duration.ZERO);
        Assignment assignment = crew.post(order(), THETA, "two", 1);
        AtomicInteger asked = new AtomicInteger();
        assertThat(assignment.takePart(Device.PROCESSOR, () -> asked.incrementAndGet() < 4))
                .isTrue();
        assertThat(assignment.reply()).isNotDone();
        assertThat(crew.finish(assignment).nodes())
                .isEqualTo(runner.run(order(), THETA, "one").nodes());
    }

    @Test
    void whatAThreadOfTheCrewThrowsIsThrownToWhoWaits() throws InterruptedException {
        Crew crew = new Crew(runner, Duration.ofMillis(1));
        AtomicBoolean stay = new AtomicBoolean(true);
        lend(crew, 2, stay);
        WorkOrder bad = order(Noise.GOOD, Noise.GOOD, Noise.GOOD, Noise.GOOD, Noise.NO_DATA);
        for (int round = 0; round < 20; round++) {
            assertThatThrownBy(() -> crew.finish(crew.post(bad, THETA, "two", 1)))
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContaining("is empty");
        }
        assertThat(crew.finish(crew.post(order(), THETA, "two", 1)).nodes()).hasSize(1);
        stay.set(false);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8})
    void everyBlockIsTakenOnceHoweverManyThreadsTakeThem(int threads) throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            Spans spans = new Spans(3, 40, 4);
            ConcurrentLinkedQueue<Integer> taken = new ConcurrentLinkedQueue<>();
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Thread thread = new Thread(() -> {
                    int home = spans.home();
                    for (int block = spans.take(home); block != Spans.NONE; block = spans.take(home)) {
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
            assertThat(spans.any()).isFalse();
        }
    }
}
