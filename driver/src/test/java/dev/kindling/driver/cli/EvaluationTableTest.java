package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.Statistics;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvaluationTableTest {
    private static Evaluation evaluation(int tasks, double loss) {
        EvaluationSettings settings =
                new EvaluationSettings(tasks, 0, Split.TEST, 1, EvaluationSettings.Detail.SUMMARY);
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1), 1, 0, 10, 10);
        Protocol protocol = Protocol.of("sinusoid", settings, List.of(layout), 0, Optional.empty(), "query", 2);
        double[] losses = {loss, loss};
        Statistics statistics = Statistics.of(losses, losses, Statistics.Better.LOWER);
        return new Evaluation(
                protocol,
                List.of(new Evaluation.Step(statistics, Optional.empty())),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void theUntrainedModelSaysOnHowManyTasksItWasMeasured() {
        assertThat(EvaluationTable.lines(evaluation(10_000, 0.5), evaluation(1000, 4)))
                .hasSize(3)
                .satisfies(lines -> assertThat(lines.get(0)).contains("loss of 10000 test tasks"))
                .satisfies(lines -> assertThat(lines.get(1)).endsWith("untrained (first 1000 tasks)"))
                .satisfies(lines -> assertThat(lines.get(2)).contains("0.5000").endsWith("4.0000 ± 0.0000"));
        assertThat(EvaluationTable.lines(evaluation(600, 0.5), evaluation(600, 4))
                        .get(1))
                .endsWith("  untrained");
    }
}
