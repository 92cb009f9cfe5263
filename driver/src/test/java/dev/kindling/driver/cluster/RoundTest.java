package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.runner.Runner;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class RoundTest {
    private static final RoundTimes TIMES = new RoundTimes(0, 0, 0, 0);
    private static final int SIZE = 6;
    private static final SharedVector THETA = new SharedVector(1, NoiseProvider.theta(Precision.FLOAT, SIZE));

    private final Job job = NoiseProvider.job(Precision.FLOAT, 2, SIZE, Map.of());
    private final Runner runner = Runner.open(job, new Configuration(false));
    private final List<TaskSpec> specs = NoiseProvider.specs(11, Map.of(4, 1, 9, 1));

    private Round round(int workers) {
        return new Round(job, new Request("train", specs, false), 1, Collections.nCopies(workers, 1));
    }

    private WorkReply work(WorkOrder order) {
        return runner.run(order, THETA, "me");
    }

    private RoundResult alone() {
        Round round = round(1);
        round.accept(work(round.orders().get(0)));
        return round.result(0, 0, TIMES);
    }

    @Test
    void repliesInAnyOrderGiveTheSameBits() {
        RoundResult expected = alone();
        for (int workers = 1; workers <= 7; workers++) {
            Round round = round(workers);
            List<WorkOrder> orders = new ArrayList<>(round.orders());
            Collections.reverse(orders);
            orders.forEach(order -> round.accept(work(order)));
            RoundResult result = round.result(0, 0, TIMES);
            assertThat(result.root()).isEqualTo(expected.root());
            assertThat(result.failed()).isEqualTo(expected.failed()).hasSize(2);
        }
    }

    @Test
    void ofSeveralRepliesToOneOrderTheFirstCounts() {
        Round round = round(2);
        WorkOrder first = round.orders().get(0);
        assertThat(round.accept(work(first))).isTrue();
        assertThat(round.accept(work(first))).isFalse();
        assertThat(round.complete()).isFalse();
        round.accept(work(round.orders().get(1)));
        assertThat(round.complete()).isTrue();
        assertThat(round.result(0, 0, TIMES).root()).isEqualTo(alone().root());
    }

    @Test
    void anIncompleteRoundHasNoResult() {
        Round round = round(2);
        round.accept(work(round.orders().get(0)));
        assertThatThrownBy(() -> round.result(0, 0, TIMES))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("block 3 of 6 is missing");
    }

    @Test
    void aReplyToSomethingElseIsRefused() {
        WorkReply third = work(round(3).orders().get(1));
        assertThatThrownBy(() -> round(2).accept(third))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("worker me");
        Round round = round(2);
        WorkReply half = work(round.orders().get(0));
        WorkReply lost = new WorkReply(0, half.nodes().subList(0, 1), half.failed(), half.rows(), "me", half.nanos());
        assertThatThrownBy(() -> round.accept(lost)).isInstanceOf(ClusterException.class);
    }

    @Test
    void aRoundWithoutTasksIsRefused() {
        assertThatThrownBy(() -> new Request("train", List.of(), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 tasks");
    }
}
