package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cluster.FakeExecutor.Deed;
import dev.kindling.driver.cluster.FakeExecutor.Neighbourhood;
import dev.kindling.driver.cluster.FakeExecutor.Trade;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rounds whose vector and sums travel in slices between executors, and what may happen to these. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReduceScatterTest {
    /** No multiple of any count of executors here. */
    private static final int SIZE = 23;

    private static final ReduceScatter.Policy ALWAYS = new ReduceScatter.Policy(0, 3, Duration.ofMillis(40));

    private final NoiseRound noise = NoiseRound.of(SIZE);
    private final Job job = noise.job();
    private final FlatVector theta = noise.theta();
    private final RoundRequest request = noise.request();
    private final ExecutorEvents inbox = new ExecutorEvents();
    private final Neighbourhood neighbours = new Neighbourhood();

    private PersistentWorkerCluster cluster(ReduceScatter.Policy policy) {
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofDays(1), 0);
        return new PersistentWorkerCluster(job, settings, inbox, System::nanoTime, Optional::empty, policy);
    }

    private PersistentWorkerCluster cluster() {
        return cluster(ALWAYS);
    }

    private FakeExecutor join(String name, Supplier<Deed> deeds) {
        return new FakeExecutor(name, inbox, deeds, neighbours).join();
    }

    private List<FakeExecutor> join(int count) {
        List<FakeExecutor> executors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            executors.add(join("executor " + i, () -> Deed.ANSWER));
        }
        return executors;
    }

    private RoundResult alone() {
        return noise.alone();
    }

    private void assertSame(RoundResult result) {
        noise.assertSame(result);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 7})
    void eachExecutorFoldsOneSliceAndTheSumIsTheSame(int count) {
        List<FakeExecutor> executors = join(count);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 1; round <= 3; round++) {
                RoundResult result = cluster.run(request, theta);
                assertSame(result);
                assertThat(result.workers()).hasSize(count);
                int rounds = round;
                assertThat(executors).allSatisfy(executor -> {
                    assertThat(executor.folds()).hasSize(rounds);
                    assertThat(executor.wholeVectors()).isZero();
                });
            }
        }
    }

    @Test
    void twoExecutorsAndSmallVectorsDoNotExchange() {
        List<FakeExecutor> executors = new ArrayList<>(join(2));
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            executors.addAll(join(1));
        }
        try (PersistentWorkerCluster cluster = cluster(new ReduceScatter.Policy(4 * SIZE + 1, 3, Duration.ofDays(1)))) {
            executors.addAll(join(3));
            assertSame(cluster.run(request, theta));
        }
        assertThat(executors)
                .allSatisfy(executor -> assertThat(executor.folds()).isEmpty());
    }

    @Test
    void anExecutorThatOthersCannotReachKeepsAllFromExchanging() {
        List<FakeExecutor> executors = join(3);
        new FakeExecutor("walled", inbox, () -> Deed.ANSWER).join();
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(executors)
                .allSatisfy(executor -> assertThat(executor.folds()).isEmpty());
    }

    @ParameterizedTest
    @EnumSource(
            value = Trade.class,
            names = {"NO_SLICE", "SHORT_SLICE", "OTHER_SLICE", "DIE"})
    void whatGoesWrongWithASliceEndsTheExchangeAndNotTheRound(Trade wrong) {
        List<FakeExecutor> executors = join(4);
        AtomicBoolean once = new AtomicBoolean();
        neighbours.trading(executor ->
                !executor.folds().isEmpty() && executor.name().equals("executor 1") && once.compareAndSet(false, true)
                        ? wrong
                        : Trade.HONEST);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
        }
        assertThat(once).isTrue();
        assertThat(executors.get(0).folds()).as("one more in the next round").hasSize(2);
        assertThat(executors.get(1).folds()).hasSize(wrong == Trade.NO_SLICE ? 2 : 1);
    }

    @Test
    void aSliceThatDoesNotComeIsNotWaitedForForEver() {
        join(4);
        neighbours.trading(executor ->
                executor.folds().size() == 1 && executor.name().equals("executor 2") ? Trade.FREEZE : Trade.HONEST);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void whatALostExecutorKeptIsComputedAgainAndThenExchanged() {
        FakeExecutor first = join("a", () -> Deed.ANSWER);
        FakeExecutor second = join("b", () -> Deed.ANSWER);
        join("c", () -> {
            if (!first.closed()) {
                inbox.put(new ExecutorEvents.ExecutorLost(first));
                first.close();
            }
            return Deed.ANSWER;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(first.folds()).isEmpty();
        assertThat(second.folds()).hasSize(1);
        assertThat(second.folds().get(0).shard().count()).isEqualTo(2);
    }

    @Test
    void whoeverDoesNotGetTheVectorTogetherIsSentIt() {
        List<FakeExecutor> executors = join(3);
        neighbours.trading(executor ->
                executor.name().equals("executor 2") && executor.folds().isEmpty() ? Trade.NO_VECTOR : Trade.HONEST);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(executors.get(2).wholeVectors()).isEqualTo(1);
            assertThat(executors.get(0).wholeVectors()).isZero();
            assertSame(cluster.run(request, theta));
            assertThat(executors.get(2).wholeVectors()).isEqualTo(1);
        }
    }

    @Test
    void executorsThatNeverReachEachOtherAreNotAskedToForEver() {
        List<FakeExecutor> executors = join(3);
        neighbours.trading(executor -> executor.name().equals("executor 0") ? Trade.NO_SLICE : Trade.HONEST);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 0; round < 10; round++) {
                assertSame(cluster.run(request, theta));
            }
        }
        assertThat(executors.get(0).folds()).hasSize(4);
        List<RangeRequest> requests = executors.get(1).orders();
        assertThat(requests.get(requests.size() - 1).retainSums()).isFalse();
    }

    @Test
    void whateverExecutorsDoTheBitsAreTheSame() {
        RoundResult expected = alone();
        for (int seed = 0; seed < 80; seed++) {
            Random random = new Random(seed);
            ExecutorEvents events = new ExecutorEvents();
            Neighbourhood around = new Neighbourhood();
            AtomicLong names = new AtomicLong();
            ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofDays(1), 0);
            Supplier<Deed> anything = new Supplier<>() {
                @Override
                public Deed get() {
                    int roll = random.nextInt(20);
                    if (roll == 0) {
                        new FakeExecutor("next " + names.incrementAndGet(), events, this, around).join();
                        return Deed.DIE;
                    }
                    return roll == 1 ? Deed.FAIL : roll == 2 ? Deed.ANSWER_TWICE : Deed.ANSWER;
                }
            };
            around.trading(executor -> {
                int roll = random.nextInt(40);
                if (roll == 0) {
                    new FakeExecutor("next " + names.incrementAndGet(), events, anything, around).join();
                    return Trade.DIE;
                }
                return roll < 7 ? List.of(Trade.values()).get(roll) : Trade.HONEST;
            });
            try (PersistentWorkerCluster cluster =
                    new PersistentWorkerCluster(job, settings, events, System::nanoTime, Optional::empty, ALWAYS)) {
                for (int i = 3 + random.nextInt(5); i > 0; i--) {
                    new FakeExecutor("executor " + i, events, anything, around).join();
                }
                List<RoundRequest> requests = new ArrayList<>(Collections.nCopies(6, request));
                for (int round = 0; round < 6; round++) {
                    Optional<RoundRequest> ahead = round < 5 ? Optional.of(requests.get(round + 1)) : Optional.empty();
                    RoundResult result = cluster.run(requests.get(round), theta, () -> ahead);
                    assertThat(result.sum())
                            .as("seed %s, round %s", seed, round)
                            .isEqualTo(expected.sum());
                }
            }
        }
    }

    @Test
    void anExecutorThatMissesAVectorAndSaysSoWhenOthersHaveDoneItsRangeGetsOrdersAgain() {
        List<FakeExecutor> executors = join(3);
        FakeExecutor last = executors.get(2);
        AtomicBoolean first = new AtomicBoolean(true);
        neighbours.trading(executor -> executor == last && first.getAndSet(false) // its first vector
                ? Trade.NO_VECTOR_IN_TIME
                : Trade.HONEST);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(last.orders())
                    .as("orders it could begin without a vector")
                    .isEmpty();
            last.complain();
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
            assertThat(last.orders()).as("orders it was given afterwards").isNotEmpty();
        }
    }

    @Test
    void aNewcomerThatOthersCannotReachMayDoALostRangeOfAnExchange() {
        FakeExecutor newcomer = new FakeExecutor("newcomer", inbox, () -> Deed.ANSWER);
        join("reachable", () -> Deed.ANSWER);
        join("reachable too", () -> Deed.ANSWER);
        join("dying", () -> {
            newcomer.join();
            return Deed.DIE;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(newcomer.orders()).isNotEmpty();
        }
    }
}
