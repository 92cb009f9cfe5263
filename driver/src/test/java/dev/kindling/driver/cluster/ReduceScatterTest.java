package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cluster.FakeExecutor.Behaviour;
import dev.kindling.driver.cluster.FakeExecutor.ExchangeBehaviour;
import dev.kindling.driver.cluster.FakeExecutor.PeerNetwork;
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

/** Rounds whose vector and sums executors exchange in shards, and failures of these exchanges. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReduceScatterTest {
    /** Not a multiple of any number of executors here. */
    private static final int SIZE = 23;

    private static final ReduceScatter.Policy ALWAYS = new ReduceScatter.Policy(0, 3, Duration.ofMillis(40));

    private final NoiseRound noise = NoiseRound.of(SIZE);
    private final Job job = noise.job();
    private final FlatVector theta = noise.theta();
    private final RoundRequest request = noise.request();
    private final ExecutorEvents events = new ExecutorEvents();
    private final PeerNetwork network = new PeerNetwork();

    private PersistentWorkerCluster cluster(ReduceScatter.Policy policy) {
        ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofDays(1), 0);
        return new PersistentWorkerCluster(job, settings, events, System::nanoTime, Optional::empty, policy);
    }

    private PersistentWorkerCluster cluster() {
        return cluster(ALWAYS);
    }

    private FakeExecutor join(String name, Supplier<Behaviour> behaviours) {
        return new FakeExecutor(name, events, behaviours, network).join();
    }

    private List<FakeExecutor> join(int count) {
        List<FakeExecutor> executors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            executors.add(join("executor " + i, () -> Behaviour.RUN));
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
    void eachExecutorReducesOneShardAndTheSumIsTheSame(int count) {
        List<FakeExecutor> executors = join(count);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 1; round <= 3; round++) {
                RoundResult result = cluster.run(request, theta);
                assertSame(result);
                assertThat(result.workers()).hasSize(count);
                int rounds = round;
                assertThat(executors).allSatisfy(executor -> {
                    assertThat(executor.reduceRequests()).hasSize(rounds);
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
                .allSatisfy(executor -> assertThat(executor.reduceRequests()).isEmpty());
    }

    @Test
    void anExecutorThatAcceptsNoConnectionsPreventsTheExchange() {
        List<FakeExecutor> executors = join(3);
        new FakeExecutor("walled", events, () -> Behaviour.RUN).join();
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(executors)
                .allSatisfy(executor -> assertThat(executor.reduceRequests()).isEmpty());
    }

    @ParameterizedTest
    @EnumSource(
            value = ExchangeBehaviour.class,
            names = {"NO_SHARD", "SHORT_SHARD", "OTHER_SHARD", "DIE"})
    void aFailureOfAShardEndsTheExchangeAndNotTheRound(ExchangeBehaviour wrong) {
        List<FakeExecutor> executors = join(4);
        AtomicBoolean once = new AtomicBoolean();
        network.behaving(executor -> !executor.reduceRequests().isEmpty()
                        && executor.name().equals("executor 1")
                        && once.compareAndSet(false, true)
                ? wrong
                : ExchangeBehaviour.CORRECT);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
        }
        assertThat(once).isTrue();
        assertThat(executors.get(0).reduceRequests())
                .as("one more in the next round")
                .hasSize(2);
        assertThat(executors.get(1).reduceRequests()).hasSize(wrong == ExchangeBehaviour.NO_SHARD ? 2 : 1);
    }

    @Test
    void aShardThatDoesNotArriveTimesOut() {
        join(4);
        network.behaving(executor ->
                executor.reduceRequests().size() == 1 && executor.name().equals("executor 2")
                        ? ExchangeBehaviour.FREEZE
                        : ExchangeBehaviour.CORRECT);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
        }
    }

    @Test
    void sumsThatALostExecutorRetainedAreComputedAgainAndThenExchanged() {
        FakeExecutor first = join("a", () -> Behaviour.RUN);
        FakeExecutor second = join("b", () -> Behaviour.RUN);
        join("c", () -> {
            if (!first.closed()) {
                events.put(new ExecutorEvents.ExecutorLost(first));
                first.close();
            }
            return Behaviour.RUN;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
        }
        assertThat(first.reduceRequests()).isEmpty();
        assertThat(second.reduceRequests()).hasSize(1);
        assertThat(second.reduceRequests().get(0).shard().count()).isEqualTo(2);
    }

    @Test
    void anExecutorThatCannotGatherTheVectorIsSentIt() {
        List<FakeExecutor> executors = join(3);
        network.behaving(executor -> executor.name().equals("executor 2")
                        && executor.reduceRequests().isEmpty()
                ? ExchangeBehaviour.NO_VECTOR
                : ExchangeBehaviour.CORRECT);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(executors.get(2).wholeVectors()).isEqualTo(1);
            assertThat(executors.get(0).wholeVectors()).isZero();
            assertSame(cluster.run(request, theta));
            assertThat(executors.get(2).wholeVectors()).isEqualTo(1);
        }
    }

    @Test
    void exchangesStopIfExecutorsNeverReachEachOther() {
        List<FakeExecutor> executors = join(3);
        network.behaving(executor ->
                executor.name().equals("executor 0") ? ExchangeBehaviour.NO_SHARD : ExchangeBehaviour.CORRECT);
        try (PersistentWorkerCluster cluster = cluster()) {
            for (int round = 0; round < 10; round++) {
                assertSame(cluster.run(request, theta));
            }
        }
        assertThat(executors.get(0).reduceRequests()).hasSize(4);
        List<RangeRequest> requests = executors.get(1).ranges();
        assertThat(requests.get(requests.size() - 1).sums()).isEqualTo(RangeRequest.SumLocation.RETURNED);
    }

    @Test
    void whateverExecutorsDoTheBitsAreTheSame() {
        RoundResult expected = alone();
        for (int seed = 0; seed < 80; seed++) {
            Random random = new Random(seed);
            ExecutorEvents events = new ExecutorEvents();
            PeerNetwork around = new PeerNetwork();
            AtomicLong names = new AtomicLong();
            ClusterSettings settings = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofDays(1), 0);
            Supplier<Behaviour> anything = new Supplier<>() {
                @Override
                public Behaviour get() {
                    int roll = random.nextInt(20);
                    if (roll == 0) {
                        new FakeExecutor("next " + names.incrementAndGet(), events, this, around).join();
                        return Behaviour.DIE;
                    }
                    return roll == 1 ? Behaviour.FAIL : roll == 2 ? Behaviour.RUN_TWICE : Behaviour.RUN;
                }
            };
            around.behaving(executor -> {
                int roll = random.nextInt(40);
                if (roll == 0) {
                    new FakeExecutor("next " + names.incrementAndGet(), events, anything, around).join();
                    return ExchangeBehaviour.DIE;
                }
                return roll < 7 ? List.of(ExchangeBehaviour.values()).get(roll) : ExchangeBehaviour.CORRECT;
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
    void anExecutorThatReportsAMissingVectorLateIsAssignedRangesAgain() {
        List<FakeExecutor> executors = join(3);
        FakeExecutor last = executors.get(2);
        AtomicBoolean first = new AtomicBoolean(true);
        network.behaving(executor -> executor == last && first.getAndSet(false) // its first vector
                ? ExchangeBehaviour.NO_VECTOR_IN_TIME
                : ExchangeBehaviour.CORRECT);
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(last.ranges())
                    .as("ranges it could begin without a vector")
                    .isEmpty();
            last.reportMissingVector();
            assertSame(cluster.run(request, theta));
            assertSame(cluster.run(request, theta));
            assertThat(last.ranges()).as("ranges it was given afterwards").isNotEmpty();
        }
    }

    @Test
    void aNewExecutorThatAcceptsNoConnectionsMayRunALostRangeOfAnExchange() {
        FakeExecutor newcomer = new FakeExecutor("newcomer", events, () -> Behaviour.RUN);
        join("reachable", () -> Behaviour.RUN);
        join("reachable too", () -> Behaviour.RUN);
        join("dying", () -> {
            newcomer.join();
            return Behaviour.DIE;
        });
        try (PersistentWorkerCluster cluster = cluster()) {
            assertSame(cluster.run(request, theta));
            assertThat(newcomer.ranges()).isNotEmpty();
        }
    }
}
