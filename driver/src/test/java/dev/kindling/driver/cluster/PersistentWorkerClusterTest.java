package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.FakeExecutor.Behaviour;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Failures of executors during a round, none of which affects the sum. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PersistentWorkerClusterTest {
    private static final int SIZE = 6;

    private final NoiseRound noise = NoiseRound.of(SIZE);
    private final Job job = noise.job();
    private final FlatVector theta = noise.theta();
    private final RoundRequest request = noise.request();
    private final ExecutorEvents events = new ExecutorEvents();

    private PersistentWorkerCluster cluster(Duration patience, LongSupplier nanoTime) {
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, patience, 0);
        return new PersistentWorkerCluster(job, settings, events, nanoTime, Optional::empty);
    }

    private PersistentWorkerCluster cluster() {
        return cluster(Duration.ofSeconds(60), System::nanoTime);
    }

    private FakeExecutor join(String name, Supplier<Behaviour> behaviours) {
        return new FakeExecutor(name, events, behaviours).join();
    }

    private FakeExecutor join(String name) {
        return join(name, () -> Behaviour.RUN);
    }

    private static Supplier<Behaviour> first(Behaviour... behaviours) {
        Deque<Behaviour> rest = new ArrayDeque<>(List.of(behaviours));
        return () -> rest.isEmpty() ? Behaviour.RUN : rest.pop();
    }

    private RoundResult alone() {
        return noise.alone();
    }

    private void assertSame(RoundResult result) {
        noise.assertSame(result);
    }

    @Test
    void everyExecutorIsAssignedItsShare() {
        List<FakeExecutor> executors = List.of(join("a"), join("b"), join("c"));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(executors).allSatisfy(executor -> {
            assertThat(executor.ranges()).hasSize(1);
            assertThat(executor.ranges().get(0).specs()).hasSizeBetween(7, 8);
            assertThat(executor.closed()).isTrue();
        });
    }

    @Test
    void theSenderOfOutlyingSumsIsNamedWithItsHost() {
        join("a");
        join("b", first(Behaviour.RUN, Behaviour.HUGE_SUMS));
        join("c");
        try (PersistentWorkerCluster cluster = cluster()) {
            RoundResult honest = cluster.run(request, theta);
            assertSame(honest);
            assertThat(honest.notices()).isEmpty();
            assertThat(cluster.run(request, theta).notices())
                    .singleElement()
                    .asString()
                    .startsWith("warning: executor b on host-of-b, for tasks ")
                    .contains(", sent a sum of ", "for each task to train, round 12, where ");
            assertThat(cluster.run(request, theta).notices()).isEmpty();
        }
    }

    @Test
    void theRangeOfALostExecutorIsReassignedWithinTheRound() {
        FakeExecutor survivor = join("a");
        join("b", first(Behaviour.DIE));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(survivor.ranges()).hasSize(2);
            assertSame(cluster.run(request, theta));
            assertThat(survivor.ranges()).hasSize(3);
        }
    }

    @Test
    void afterTheLossOfTheLastExecutorTheNextOneFinishesTheRound() {
        join("a", () -> {
            join("b");
            return Behaviour.DIE;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void anExecutorThatConnectsLateWorksFromTheNextRoundOn() {
        List<FakeExecutor> late = new ArrayList<>();
        join("a", () -> {
            if (late.isEmpty()) {
                late.add(join("b"));
            }
            return Behaviour.RUN;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(late.get(0).ranges()).isEmpty();
            assertSame(cluster.run(request, theta));
            assertThat(late.get(0).ranges()).hasSize(1);
        }
    }

    @Test
    void aStragglingRangeIsAssignedToAnIdleExecutorToo() {
        FakeExecutor quick = join("a");
        FakeExecutor frozen = join("b", () -> Behaviour.FREEZE);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(quick.ranges()).hasSize(2);
            assertSame(cluster.run(request, theta));
            assertThat(quick.ranges()).hasSize(3);
            assertThat(frozen.ranges())
                    .as("nothing more for one that owes an answer")
                    .hasSize(1);
        }
    }

    @Test
    void anExecutorThatIsSilentForLongIsLost() {
        AtomicLong clock = new AtomicLong();
        FakeExecutor frozen = join("a", () -> {
            join("b");
            return Behaviour.FREEZE;
        });
        try (PersistentWorkerCluster cluster =
                cluster(Duration.ofDays(1), () -> clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(300)))) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(frozen.closed()).isTrue();
    }

    @Test
    void ofTwoResultsTheFirstCounts() {
        join("a", () -> Behaviour.RUN_TWICE);
        join("b", () -> Behaviour.RUN_TWICE);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 0; round < 3; round++) {
                assertSame(cluster.run(request, theta));
            }
        }
    }

    @Test
    void anExecutorWithAnInvalidResultIsDroppedAndItsRangeReassigned() {
        join("a");
        FakeExecutor liar = join("b", () -> Behaviour.WRONG_SUMS);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(liar.closed()).isTrue();
    }

    @Test
    void aRangeThatFailsOnOneExecutorIsReassigned() {
        join("a", () -> Behaviour.FAIL);
        FakeExecutor good = join("b");
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(good.ranges()).hasSize(2);
        }
    }

    @Test
    void manyExecutorsLostAtOnceAreOneLoss() {
        List<FakeExecutor> doomed = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            doomed.add(join("doomed " + i, () -> Behaviour.FREEZE));
        }
        join("a", () -> {
            doomed.forEach(one -> events.put(new ExecutorEvents.ExecutorLost(one)));
            return Behaviour.RUN;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void badDataThatOneExecutorAloneReportsDoesNotEndTheRun() {
        join("a", first(Behaviour.NO_DATA));
        join("b");
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void badDataThatTwoExecutorsReportEndsTheRunWithItsMessage() {
        join("a", () -> Behaviour.NO_DATA);
        join("b", () -> Behaviour.NO_DATA);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(BadDataException.class)
                    .hasMessage("x.zip is empty");
        }
    }

    @Test
    void anExecutorThatConnectsAndIsLostDoesNotResetTheTimeout() {
        AtomicLong clock = new AtomicLong();
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(90), 0);
        Supplier<Optional<String>> flapping = () -> {
            FakeExecutor executor = new FakeExecutor("flapping", events, () -> Behaviour.DIE);
            events.put(new ExecutorEvents.ExecutorRegistered(executor));
            events.put(new ExecutorEvents.ExecutorLost(executor));
            return Optional.of("a worker left at once");
        };
        try (PersistentWorkerCluster cluster = new PersistentWorkerCluster(
                job, settings, events, () -> clock.addAndGet(TimeUnit.SECONDS.toNanos(5)), flapping)) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessageContaining("no executor for 90 s (cluster.executor-timeout)")
                    .hasMessageEndingWith("; worker jobs fail: a worker left at once");
        }
    }

    @Test
    void aRangeThatFailsOnceIsRetried() {
        join("a", first(Behaviour.FAIL, Behaviour.FAIL, Behaviour.FAIL));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void aRangeThatFailsFourTimesEndsTheRunWithItsMessage() {
        join("a", () -> Behaviour.FAIL);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessage("tasks 0 to 22 of train, round 12 failed 4 times: the disk of a is full");
        }
    }

    @Test
    void aRangeThatKillsEveryExecutorEndsTheRun() {
        Supplier<Behaviour> dying = new Supplier<>() {
            @Override
            public Behaviour get() {
                join("next", this);
                return Behaviour.DIE;
            }
        };
        join("a", dying);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessage("tasks 0 to 22 of train, round 12 were lost with 8 executors");
        }
    }

    @Test
    void aJobThatCannotBeOpenedEndsTheRunAtOnce() {
        FakeExecutor executor = join("a");
        events.put(new ExecutorEvents.MessageReceived(
                executor,
                new DriverMessage.JobRejected(new Failure(Failure.Kind.BAD_DATA, "x.zip is missing")),
                10,
                0));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(BadDataException.class)
                    .hasMessage("x.zip is missing");
        }
    }

    @Test
    void withoutAnyExecutorTheRunEndsAfterTheTimeoutAndNamesTheFailureOfWorkerJobs() {
        AtomicLong clock = new AtomicLong();
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(90), 0);
        try (PersistentWorkerCluster cluster = new PersistentWorkerCluster(
                job,
                settings,
                events,
                () -> clock.addAndGet(TimeUnit.SECONDS.toNanos(60)),
                () -> Optional.of("no class of Kindling"))) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessage("no executor for 90 s (cluster.executor-timeout) while waiting for train, round 12;"
                            + " worker jobs fail: no class of Kindling");
        }
    }

    @Test
    void aPrefetchedRoundIsUsedAndPartitionedAnewIfTheExecutorsChange() {
        FakeExecutor one = join("a");
        RoundRequest next = NoiseRound.of(SIZE).request();
        try (PersistentWorkerCluster cluster = cluster()) {
            cluster.run(request, theta, () -> Optional.of(next));
            assertSame(cluster.run(next, theta, () -> Optional.of(request)));
            assertThat(one.ranges()).as("each order once").hasSize(2);
            FakeExecutor other = join("b");
            assertSame(cluster.run(request, theta));
            assertThat(one.ranges()).hasSize(3);
            assertThat(one.ranges().get(2).specs())
                    .hasSizeLessThan(request.specs().size());
            assertThat(other.ranges()).hasSize(1);
        }
    }

    @Test
    void whateverExecutorsDoTheBitsAreTheSame() {
        RoundResult expected = alone();
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            ExecutorEvents events = new ExecutorEvents();
            ClusterSettings settings =
                    new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(60), 0);
            try (PersistentWorkerCluster cluster =
                    new PersistentWorkerCluster(job, settings, events, System::nanoTime, Optional::empty)) {
                Supplier<Behaviour> anything = new Supplier<>() {
                    @Override
                    public Behaviour get() {
                        int roll = random.nextInt(10);
                        if (roll == 0) {
                            new FakeExecutor("next", events, this).join();
                            return Behaviour.DIE;
                        }
                        return roll == 1 ? Behaviour.FAIL : roll == 2 ? Behaviour.RUN_TWICE : Behaviour.RUN;
                    }
                };
                for (int i = 1 + random.nextInt(5); i > 0; i--) {
                    new FakeExecutor("executor " + i, events, anything).join();
                }
                List<RoundRequest> requests = new ArrayList<>(Collections.nCopies(4, request));
                for (int round = 0; round < 4; round++) {
                    Optional<RoundRequest> ahead = round < 3 ? Optional.of(requests.get(round + 1)) : Optional.empty();
                    RoundResult result = cluster.run(requests.get(round), theta, () -> ahead);
                    assertThat(result.sum())
                            .as("seed %s, round %s", seed, round)
                            .isEqualTo(expected.sum());
                }
            }
        }
    }
}
