package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rounds whose tasks belong to several members, against rounds of one member each. */
class MembersTest {
    private static final int MEMBERS = 3;
    private static final int EACH = 4;
    private static final int PARAMETERS = 5;
    private static final FlatVector THETA = FlatVector.zeros(Precision.FLOAT, MEMBERS * PARAMETERS);

    static {
        for (int i = 0; i < THETA.size(); i++) {
            THETA.set(i, 0.3 * i - 2);
        }
    }

    private static Job job(String backend, int blockSize, int members) {
        Job one = Lengths.job(backend, 1 << 20, blockSize, 1, 2, 3, 4);
        return new Job(
                one.source(),
                one.backend(),
                one.options(),
                blockSize,
                new TreeMap<>(
                        Map.of("train", new ProgramVariants(one.program("train").programs(), members))));
    }

    /** Tasks of a member as a round of its own, of two lengths. */
    private static List<TaskSpec> alone(int member) {
        List<TaskSpec> specs = new ArrayList<>();
        for (int i = 0; i < EACH; i++) {
            TaskSpec spec = Lengths.spec(100 * member + i, 1 + (i + member) / 2 % 4);
            specs.add(spec.withIndex(i));
        }
        return specs;
    }

    private static TaskSpec ofMember(TaskSpec alone, int member) {
        return alone.withIndex(alone.index() * MEMBERS + member);
    }

    private static List<TaskSpec> together() {
        List<TaskSpec> specs = new ArrayList<>();
        for (int member = 0; member < MEMBERS; member++) {
            for (TaskSpec spec : alone(member)) {
                specs.add(ofMember(spec, member));
            }
        }
        return specs;
    }

    private static RangeResult run(Job job, List<TaskSpec> specs, FlatVector theta) {
        int blocks = (specs.size() + job.blockSize() - 1) / job.blockSize();
        RangeRequest request = new RangeRequest("train", 1, blocks, 0, specs, OutputMode.SUMS);
        try (CompiledJob compiled = new CompiledJob(job, new Lengths())) {
            return compiled.run(request, new BroadcastVector(1, theta), "me");
        }
    }

    private static FlatVector sums(RangeResult result) {
        assertThat(result.sums()).hasSize(1);
        return result.sums().get(0).sums();
    }

    @ParameterizedTest
    @CsvSource({"vector, 1", "vector, 2", "vector, 4", "reference, 2", "nd4j, 1", "nd4j, 4"})
    void eachMembersSumsAreThoseOfItsTasksAlone(String backend, int blockSize) {
        FlatVector all = sums(run(job(backend, blockSize, MEMBERS), together(), THETA));
        for (int member = 0; member < MEMBERS; member++) {
            RangeResult alone =
                    run(job(backend, blockSize, 1), alone(member), EnsembleLayout.part(THETA, member, MEMBERS));
            assertThat(EnsembleLayout.part(all, member, MEMBERS)).isEqualTo(sums(alone));
        }
    }

    @Test
    void blocksMayHaveTasksOfSeveralMembers() {
        FlatVector all = sums(run(job("vector", 8, MEMBERS), together(), THETA));
        for (int member = 0; member < MEMBERS; member++) {
            double[] expected = new double[PARAMETERS];
            for (TaskSpec spec : alone(member)) {
                FlatVector one = sums(run(
                        job("vector", 1, 1), List.of(spec.withIndex(0)), EnsembleLayout.part(THETA, member, MEMBERS)));
                for (int i = 0; i < PARAMETERS; i++) {
                    expected[i] += one.at(i);
                }
            }
            for (int i = 0; i < PARAMETERS; i++) {
                assertThat(all.at(member * PARAMETERS + i))
                        .isCloseTo(expected[i], within(1e-4 * Math.abs(expected[i])));
            }
        }
    }

    @Test
    void aFailedTaskIsLeftOutOfItsMembersSumsAndNamed() {
        List<TaskSpec> specs = new ArrayList<>(together());
        TaskSpec bad = specs.get(EACH + 1);
        specs.set(
                EACH + 1,
                new TaskSpec(bad.split(), bad.round(), bad.index(), bad.seed(), new int[] {bad.sampleIndices()[0], 1}));
        RangeResult result = run(job("vector", 4, MEMBERS), specs, THETA);
        assertThat(result.failed()).extracting(FailedTask::index).containsExactly(bad.index());
        PartialSum sum = result.sums().get(0);
        assertThat(sum.tasks()).isEqualTo(MEMBERS * EACH - 1);
        FlatVector without = sums(run(job("vector", 4, MEMBERS), together(), THETA));
        for (int member : new int[] {0, 2}) {
            assertThat(EnsembleLayout.part(sum.sums(), member, MEMBERS))
                    .isEqualTo(EnsembleLayout.part(without, member, MEMBERS));
        }
        assertThat(sum.sums().at(PARAMETERS))
                .isNotEqualTo(without.at(PARAMETERS))
                .isFinite();
    }
}
