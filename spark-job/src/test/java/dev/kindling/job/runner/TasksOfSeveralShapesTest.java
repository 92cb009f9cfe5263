package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TasksOfSeveralShapesTest {
    private static final BroadcastVector THETA =
            new BroadcastVector(1, FlatVector.of(Precision.FLOAT, 0.1, -0.2, 0.3, 1.4, -2.5));
    private static final long ROOMY = 1 << 20;
    private static final int[] ALL = {1, 2, 3, 4};
    /** Adjacent tasks of one shape, single and in groups, in blocks of three and across block boundaries. */
    private static final int[] MIXED = {1, 1, 2, 2, 2, 1, 4, 3, 4, 4, 4, 4, 3};

    private static List<TaskSpec> specs(int... lengths) {
        return IntStream.range(0, lengths.length)
                .mapToObj(i -> Lengths.spec(i, lengths[i]))
                .toList();
    }

    private static RangeRequest request(List<TaskSpec> specs, int blockSize, OutputMode outputs) {
        return new RangeRequest("train", 1, (specs.size() + blockSize - 1) / blockSize, 0, specs, outputs);
    }

    private static RangeResult run(Job job, List<TaskSpec> specs) {
        return new CompiledJob(job, new Lengths()).run(request(specs, job.blockSize(), OutputMode.SUMS), THETA, "me");
    }

    /** What tasks of one length come to in a job that knows no other. */
    private static PartialSum alone(List<TaskSpec> alike) {
        int length = alike.get(0).sampleIndices()[0];
        TaskSpec[] like = alike.toArray(TaskSpec[]::new);
        Lengths one = new Lengths();
        Job job = Lengths.job("vector", ROOMY, like.length, length);
        return new CompiledJob(job, new OfOneLength(one, length))
                .run(request(alike, like.length, OutputMode.SUMS), THETA, "me")
                .sums()
                .get(0);
    }

    @Test
    void aBlockIsTheSumOfItsGroupsOfOneShapeInTaskOrder() {
        List<TaskSpec> specs = specs(1, 1, 2, 3, 3, 3, 1);
        PartialSum block =
                run(Lengths.job("vector", ROOMY, 7, ALL), specs).sums().get(0);
        FlatVector sums = FlatVector.zeros(Precision.FLOAT, 5);
        double[] totals = new double[2];
        List<Integer> borders = List.of(0, 2, 3, 6, 7);
        for (int i = 0; i + 1 < borders.size(); i++) {
            PartialSum group = alone(specs.subList(borders.get(i), borders.get(i + 1)));
            for (int k = 0; k < 5; k++) {
                sums.set(
                        k,
                        i == 0
                                ? group.sums().at(k)
                                : (float) sums.at(k) + (float) group.sums().at(k));
            }
        }
        for (TaskSpec spec : specs) {
            PartialSum task = alone(List.of(spec));
            totals[0] += task.totals()[0];
            totals[1] += task.totals()[1];
        }
        assertThat(block.sums()).isEqualTo(sums);
        assertThat(block.totals()).containsExactly(totals);
        assertThat(block.tasks()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar", "reference", "nd4j"})
    void bitsDependOnTheSpecsAlone(String backend) throws InterruptedException {
        Job roomy = Lengths.job(backend, ROOMY, 3, ALL);
        List<PartialSum> expected = run(roomy, specs(MIXED)).sums();
        assertThat(run(Lengths.job(backend, 1, 3, ALL), specs(MIXED)).sums())
                .as("with room for one workspace")
                .isEqualTo(expected);
        CompiledJob used = new CompiledJob(roomy, new Lengths());
        for (int length : new int[] {3, 1, 4}) {
            used.run(request(specs(length, length, length, 1, 2), 3, OutputMode.SUMS), THETA, "me");
            assertThat(used.run(request(specs(MIXED), 3, OutputMode.SUMS), THETA, "me")
                            .sums())
                    .as("after others")
                    .isEqualTo(expected);
        }
        WorkerPool pool = new WorkerPool(used, Duration.ofMillis(1));
        AtomicBoolean stay = new AtomicBoolean(true);
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Thread thread = new Thread(() -> pool.runWorker(Device.PROCESSOR, stay::get));
            thread.start();
            workers.add(thread);
        }
        for (int round = 0; round < 100; round++) {
            RangeResult result =
                    pool.helpAndAwait(pool.submit(request(specs(MIXED), 3, OutputMode.SUMS), THETA, "many", 1));
            assertThat(result.sums()).as("on four threads").isEqualTo(expected);
        }
        stay.set(false);
        for (Thread thread : workers) {
            thread.join();
        }
    }

    @Test
    void anotherVectorReachesEveryWorkspace() {
        CompiledJob compiled = new CompiledJob(Lengths.job("vector", ROOMY, 3, ALL), new Lengths());
        compiled.run(request(specs(MIXED), 3, OutputMode.SUMS), THETA, "me");
        BroadcastVector other = new BroadcastVector(1, FlatVector.of(Precision.FLOAT, 1, 2, 3, 4, 5));
        List<PartialSum> fresh = new CompiledJob(Lengths.job("vector", ROOMY, 3, ALL), new Lengths())
                .run(request(specs(MIXED), 3, OutputMode.SUMS), other, "me")
                .sums();
        assertThat(compiled.run(request(specs(MIXED), 3, OutputMode.SUMS), other, "me")
                        .sums())
                .isEqualTo(fresh);
    }

    @Test
    void perTaskOutputsAndTimesAreInTaskOrder() {
        CompiledJob compiled = new CompiledJob(Lengths.job("vector", ROOMY, 3, ALL), new Lengths());
        RangeResult result = compiled.run(request(specs(MIXED), 3, OutputMode.PER_TASK), THETA, "me");
        for (int i = 0; i < MIXED.length; i++) {
            double[] totals = alone(List.of(Lengths.spec(i, MIXED[i]))).totals();
            assertThat(Arrays.copyOfRange(result.perTaskOutputs(), 2 * i, 2 * i + 2))
                    .containsExactly(totals);
        }
        assertThat(result.nanos().tasks()).hasSize(MIXED.length).doesNotContain(0);
    }

    @Test
    void aBadTaskAmongOthersOfAnyShapeIsLeftOut() {
        List<TaskSpec> specs = new ArrayList<>(specs(1, 2, 2));
        TaskSpec bad = specs.get(1);
        specs.set(1, new TaskSpec(bad.split(), bad.round(), 1, bad.seed(), new int[] {2, -1}));
        RangeResult result = run(Lengths.job("vector", ROOMY, 3, ALL), specs);
        assertThat(result.failed()).containsExactly(new FailedTask(6, 1, "query_loss is Infinity"));
        PartialSum first = alone(List.of(specs.get(0)));
        PartialSum third = alone(List.of(specs.get(2)));
        PartialSum block = result.sums().get(0);
        assertThat(block.tasks()).isEqualTo(2);
        for (int k = 0; k < 5; k++) {
            assertThat(block.sums().at(k))
                    .isEqualTo((float) first.sums().at(k) + (float) third.sums().at(k));
        }
    }

    @Test
    void aTaskOfAShapeWithoutAProgramIsRefused() {
        CompiledJob three = new CompiledJob(Lengths.job("vector", ROOMY, 3, 1, 2, 3), new Lengths());
        assertThatThrownBy(() -> three.run(request(specs(1, 4, 2), 3, OutputMode.SUMS), THETA, "me"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("task 1 of round 6", "support.x[4, 1]");
        CompiledJob one = new CompiledJob(Lengths.job("vector", ROOMY, 3, 4), new Lengths());
        assertThatThrownBy(() -> one.run(request(specs(4, 4, 1), 3, OutputMode.SUMS), THETA, "me"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("task 2 of round 6", "support.x[4, 1]", "support.x[1, 1]");
    }

    @Test
    void aVariantIsCompiledOnceAndNotBeforeItIsNeeded() throws InterruptedException {
        Program program = Lengths.job("reference", ROOMY, 1, 2).program("train").first();
        AtomicInteger compiled = new AtomicInteger();
        CountDownLatch both = new CountDownLatch(2);
        Backend counting = new Backend() {
            @Override
            public String name() {
                return "counting";
            }

            @Override
            public Executable compile(Program each, CompileOptions options) {
                compiled.incrementAndGet();
                return Backends.named("reference").compile(each, options);
            }
        };
        CompiledVariant variant = new CompiledVariant(program, counting, new CompileOptions(Precision.FLOAT, 1));
        assertThat(compiled).hasValue(0);
        List<Executable> got = java.util.Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Thread thread = new Thread(() -> {
                both.countDown();
                got.add(variant.executable());
            });
            thread.start();
            threads.add(thread);
        }
        both.await();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(compiled).hasValue(1);
        assertThat(got.get(0)).isSameAs(got.get(1));
    }
}
