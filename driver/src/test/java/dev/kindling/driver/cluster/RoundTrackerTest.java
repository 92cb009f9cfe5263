package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class RoundTrackerTest {
    private static final ExecutorTimings TIMES = new ExecutorTimings(0, 0, 0, 0);
    private static final int SIZE = 6;
    private static final BroadcastVector THETA = new BroadcastVector(1, NoiseProvider.theta(Precision.FLOAT, SIZE));

    private final Job job = NoiseProvider.job(Precision.FLOAT, 2, SIZE, Map.of());
    private final CompiledJob compiled = CompiledJob.open(job, new Configuration(false));
    private final List<TaskSpec> specs = NoiseProvider.specs(11, Map.of(4, 1, 9, 1));

    private RoundTracker round(int workers) {
        return new RoundTracker(
                job, new RoundRequest("train", specs, OutputMode.SUMS), 1, Collections.nCopies(workers, 1));
    }

    private RangeResult work(RangeRequest request) {
        return compiled.run(request, THETA, "me");
    }

    private RoundResult alone() {
        RoundTracker tracker = round(1);
        tracker.accept(work(tracker.requests().get(0)));
        return tracker.result(0, 0, TIMES);
    }

    @Test
    void resultsInAnyOrderGiveTheSameBits() {
        RoundResult expected = alone();
        for (int workers = 1; workers <= 7; workers++) {
            RoundTracker tracker = round(workers);
            List<RangeRequest> requests = new ArrayList<>(tracker.requests());
            Collections.reverse(requests);
            requests.forEach(request -> tracker.accept(work(request)));
            RoundResult result = tracker.result(0, 0, TIMES);
            assertThat(result.sum()).isEqualTo(expected.sum());
            assertThat(result.failed()).isEqualTo(expected.failed()).hasSize(2);
        }
    }

    @Test
    void ofSeveralResultsOfOneRangeTheFirstCounts() {
        RoundTracker tracker = round(2);
        RangeRequest first = tracker.requests().get(0);
        assertThat(tracker.accept(work(first))).isTrue();
        assertThat(tracker.accept(work(first))).isFalse();
        assertThat(tracker.complete()).isFalse();
        tracker.accept(work(tracker.requests().get(1)));
        assertThat(tracker.complete()).isTrue();
        assertThat(tracker.result(0, 0, TIMES).sum()).isEqualTo(alone().sum());
    }

    @Test
    void anIncompleteRoundHasNoResult() {
        RoundTracker tracker = round(2);
        tracker.accept(work(tracker.requests().get(0)));
        assertThatThrownBy(() -> tracker.result(0, 0, TIMES))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("block 3 of 6 is missing");
    }

    @Test
    void aResultOfAnotherRoundIsRefused() {
        RangeResult third = work(round(3).requests().get(1));
        assertThatThrownBy(() -> round(2).accept(third))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("worker me");
        RoundTracker tracker = round(2);
        RangeResult half = work(tracker.requests().get(0));
        RangeResult lost =
                new RangeResult(0, half.sums().subList(0, 1), half.failed(), half.perTaskOutputs(), "me", half.nanos());
        assertThatThrownBy(() -> tracker.accept(lost)).isInstanceOf(ClusterException.class);
    }

    @Test
    void aRoundWithoutTasksIsRefused() {
        assertThatThrownBy(() -> new RoundRequest("train", List.of(), OutputMode.SUMS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 tasks");
    }
}
