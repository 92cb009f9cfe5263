package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.FakeExecutor.Deed;
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

/** What executors may do to a round, and that none of it shows in the sum. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PersistentWorkerClusterTest {
    private static final int SIZE = 6;

    private final NoiseRound noise = NoiseRound.of(SIZE);
    private final Job job = noise.job();
    private final FlatVector theta = noise.theta();
    private final RoundRequest request = noise.request();
    private final ExecutorEvents inbox = new ExecutorEvents();

    private PersistentWorkerCluster cluster(Duration patience, LongSupplier nanoTime) {
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, patience, 0);
        return new PersistentWorkerCluster(job, settings, inbox, nanoTime, Optional::empty);
    }

    private PersistentWorkerCluster cluster() {
        return cluster(Duration.ofSeconds(60), System::nanoTime);
    }

    private FakeExecutor join(String name, Supplier<Deed> deeds) {
        return new FakeExecutor(name, inbox, deeds).join();
    }

    private FakeExecutor join(String name) {
        return join(name, () -> Deed.ANSWER);
    }

    private static Supplier<Deed> first(Deed... deeds) {
        Deque<Deed> rest = new ArrayDeque<>(List.of(deeds));
        return () -> rest.isEmpty() ? Deed.ANSWER : rest.pop();
    }

    private RoundResult alone() {
        return noise.alone();
    }

    private void assertSame(RoundResult result) {
        noise.assertSame(result);
    }

    @Test
    void everyExecutorGetsItsShare() {
        List<FakeExecutor> executors = List.of(join("a"), join("b"), join("c"));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(executors).allSatisfy(executor -> {
            assertThat(executor.orders()).hasSize(1);
            assertThat(executor.orders().get(0).specs()).hasSizeBetween(7, 8);
            assertThat(executor.closed()).isTrue();
        });
    }

    @Test
    void whoSendsSumsFarOutOfLineIsNamedWithItsHost() {
        join("a");
        join("b", first(Deed.ANSWER, Deed.EXAGGERATE));
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
    void theRangeOfALostExecutorIsDealtAgainWithinTheRound() {
        FakeExecutor survivor = join("a");
        join("b", first(Deed.DIE));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(survivor.orders()).hasSize(2);
            assertSame(cluster.run(request, theta));
            assertThat(survivor.orders()).hasSize(3);
        }
    }

    @Test
    void whereTheLastExecutorDiesTheNextOneToComeFinishesTheRound() {
        join("a", () -> {
            join("b");
            return Deed.DIE;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void anExecutorThatComesLateWorksFromTheNextRoundOn() {
        List<FakeExecutor> late = new ArrayList<>();
        join("a", () -> {
            if (late.isEmpty()) {
                late.add(join("b"));
            }
            return Deed.ANSWER;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(late.get(0).orders()).isEmpty();
            assertSame(cluster.run(request, theta));
            assertThat(late.get(0).orders()).hasSize(1);
        }
    }

    @Test
    void aRangeThatIsSlowIsDealtToAnIdleExecutorToo() {
        FakeExecutor quick = join("a");
        FakeExecutor frozen = join("b", () -> Deed.FREEZE);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(quick.orders()).hasSize(2);
            assertSame(cluster.run(request, theta));
            assertThat(quick.orders()).hasSize(3);
            assertThat(frozen.orders())
                    .as("nothing more for one that owes an answer")
                    .hasSize(1);
        }
    }

    @Test
    void anExecutorThatIsSilentForLongIsLost() {
        AtomicLong clock = new AtomicLong();
        FakeExecutor frozen = join("a", () -> {
            join("b");
            return Deed.FREEZE;
        });
        try (PersistentWorkerCluster cluster =
                cluster(Duration.ofDays(1), () -> clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(300)))) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(frozen.closed()).isTrue();
    }

    @Test
    void ofTwoAnswersTheFirstCounts() {
        join("a", () -> Deed.ANSWER_TWICE);
        join("b", () -> Deed.ANSWER_TWICE);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 0; round < 3; round++) {
                assertSame(cluster.run(request, theta));
            }
        }
    }

    @Test
    void anExecutorThatLiesIsDroppedAndItsRangeDealtAgain() {
        join("a");
        FakeExecutor liar = join("b", () -> Deed.LIE);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(liar.closed()).isTrue();
    }

    @Test
    void whatFailsOnOneExecutorIsDealtToAnother() {
        join("a", () -> Deed.FAIL);
        FakeExecutor good = join("b");
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(good.orders()).hasSize(2);
        }
    }

    @Test
    void manyExecutorsLostAtOnceAreOneLoss() {
        List<FakeExecutor> doomed = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            doomed.add(join("doomed " + i, () -> Deed.FREEZE));
        }
        join("a", () -> {
            doomed.forEach(one -> inbox.put(new ExecutorEvents.ExecutorLost(one)));
            return Deed.ANSWER;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void badDataThatOneExecutorSeesAloneIsNoBadData() {
        join("a", first(Deed.NO_DATA));
        join("b");
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void badDataThatTwoExecutorsSeeEndsTheRunWithItsSentence() {
        join("a", () -> Deed.NO_DATA);
        join("b", () -> Deed.NO_DATA);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(BadDataException.class)
                    .hasMessage("x.zip is empty");
        }
    }

    @Test
    void anExecutorThatComesAndGoesDoesNotKeepTheRunWaitingForEver() {
        AtomicLong clock = new AtomicLong();
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(90), 0);
        Supplier<Optional<String>> flapping = () -> {
            FakeExecutor executor = new FakeExecutor("flapping", inbox, () -> Deed.DIE);
            inbox.put(new ExecutorEvents.ExecutorRegistered(executor));
            inbox.put(new ExecutorEvents.ExecutorLost(executor));
            return Optional.of("a worker left at once");
        };
        try (PersistentWorkerCluster cluster = new PersistentWorkerCluster(
                job, settings, inbox, () -> clock.addAndGet(TimeUnit.SECONDS.toNanos(5)), flapping)) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessageContaining("no executor for 90 s (cluster.executor-timeout)")
                    .hasMessageEndingWith("; worker jobs fail: a worker left at once");
        }
    }

    @Test
    void whatFailsOnceIsTriedAgain() {
        join("a", first(Deed.FAIL, Deed.FAIL, Deed.FAIL));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void whatFailsFourTimesEndsTheRunWithItsSentence() {
        join("a", () -> Deed.FAIL);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessage("tasks 0 to 22 of train, round 12 failed 4 times: the disk of a is full");
        }
    }

    @Test
    void aRangeThatKillsEveryExecutorEndsTheRun() {
        Supplier<Deed> dying = new Supplier<>() {
            @Override
            public Deed get() {
                join("next", this);
                return Deed.DIE;
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
        inbox.put(new ExecutorEvents.MessageReceived(
                executor, new DriverMessage.JobRejected(new Failure(Failure.Kind.BAD_DATA, "x.zip is missing")), 10, 0));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(BadDataException.class)
                    .hasMessage("x.zip is missing");
        }
    }

    @Test
    void withoutAnyExecutorTheRunEndsAfterTheWaitAndSaysWhyWorkerJobsFail() {
        AtomicLong clock = new AtomicLong();
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(90), 0);
        try (PersistentWorkerCluster cluster = new PersistentWorkerCluster(
                job,
                settings,
                inbox,
                () -> clock.addAndGet(TimeUnit.SECONDS.toNanos(60)),
                () -> Optional.of("no class of Kindling"))) {
            assertThatThrownBy(() -> cluster.run(request, theta))
                    .isInstanceOf(ClusterException.class)
                    .hasMessage("no executor for 90 s (cluster.executor-timeout) while waiting for train, round 12;"
                            + " worker jobs fail: no class of Kindling");
        }
    }

    @Test
    void whatIsSentAheadIsUsedAndCutAnewWhereTheExecutorsChange() {
        FakeExecutor one = join("a");
        RoundRequest next = NoiseRound.of(SIZE).request();
        try (PersistentWorkerCluster cluster = cluster()) {
            cluster.run(request, theta, () -> Optional.of(next));
            assertSame(cluster.run(next, theta, () -> Optional.of(request)));
            assertThat(one.orders()).as("each order once").hasSize(2);
            FakeExecutor other = join("b");
            assertSame(cluster.run(request, theta));
            assertThat(one.orders()).hasSize(3);
            assertThat(one.orders().get(2).specs())
                    .hasSizeLessThan(request.specs().size());
            assertThat(other.orders()).hasSize(1);
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
                Supplier<Deed> anything = new Supplier<>() {
                    @Override
                    public Deed get() {
                        int roll = random.nextInt(10);
                        if (roll == 0) {
                            new FakeExecutor("next", events, this).join();
                            return Deed.DIE;
                        }
                        return roll == 1 ? Deed.FAIL : roll == 2 ? Deed.ANSWER_TWICE : Deed.ANSWER;
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
