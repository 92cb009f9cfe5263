package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ExecutorTimings;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.cluster.TaskTimings;
import dev.kindling.driver.evaluation.EvaluationSettings.Detail;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
    private static final EpisodeLayout LAYOUT = new EpisodeLayout(Shape.of(1), 5, 5, 5, 10);
    private static final Layout MEASURES = Layout.builder()
            .add("loss", Shape.of(2))
            .add("accuracy", Shape.of(2))
            .build();

    @Test
    void measuresEveryTaskOnceAndInOrderHoweverManyRequestsItTakes() {
        RecordingCluster cluster = new RecordingCluster();
        EvaluationSettings settings = new EvaluationSettings(10_000, 1, Split.TEST, 7, Detail.EACH_TASK);
        Evaluation evaluation = evaluator(settings).evaluate(cluster, FlatVector.zeros(Precision.FLOAT, 1));
        assertThat(cluster.seen).hasSize(10_000);
        for (int i = 0; i < 10_000; i++) {
            assertThat(cluster.seen.get(i).index()).isEqualTo(i);
        }
        assertThat(cluster.seen.get(3).seed()).isEqualTo(new TaskKey(7, Split.TEST, 0, 3).taskSeed());
        // The results of task i are losses i and i / 2 and accuracies 0.2 and 0.6.
        assertThat(evaluation.steps().get(0).loss().mean()).isEqualTo(9_999 / 2.0);
        assertThat(evaluation.steps().get(1).loss().mean()).isEqualTo(9_999 / 4.0);
        assertThat(evaluation.steps().get(1).accuracy().orElseThrow().median()).isEqualTo(0.6);
    }

    @Test
    void aBaselineIsMeasuredOnTheFirstTasks() {
        EvaluationSettings many = new EvaluationSettings(10_000, 1, Split.TEST, 7, Detail.SUMMARY);
        RecordingCluster all = new RecordingCluster();
        evaluator(many).evaluate(all, FlatVector.zeros(Precision.FLOAT, 1));
        RecordingCluster cluster = new RecordingCluster();
        Evaluation baseline = evaluator(many).evaluateBaseline(cluster, FlatVector.zeros(Precision.FLOAT, 1));
        assertThat(cluster.seen).isEqualTo(all.seen.subList(0, Evaluator.BASELINE_TASKS));
        assertThat(baseline.protocol().tasks()).isEqualTo(Evaluator.BASELINE_TASKS);
        assertThat(baseline.steps().get(0).loss().mean()).isEqualTo(999 / 2.0);
        EvaluationSettings few = new EvaluationSettings(10, 1, Split.TEST, 7, Detail.SUMMARY);
        assertThat(evaluator(few)
                        .evaluateBaseline(new RecordingCluster(), FlatVector.zeros(Precision.FLOAT, 1))
                        .protocol()
                        .tasks())
                .isEqualTo(10);
    }

    @Test
    void jsonHoldsProtocolAndStepsAndNoBareNaN() throws Exception {
        EvaluationSettings settings = new EvaluationSettings(1, 1, Split.VALIDATE, 7, Detail.SUMMARY);
        String json = evaluator(settings)
                .evaluate(new RecordingCluster(), FlatVector.zeros(Precision.FLOAT, 1))
                .json(new EvaluatedModel(
                        "{\"algorithm\":{\"name\":\"maml\"}}",
                        Provenance.here("{}", 7, "program", "data", "vector"),
                        300,
                        "abc"));
        JsonNode root = new ObjectMapper().readTree(json);
        assertThat(root.at("/protocol/split").asText()).isEqualTo("val");
        assertThat(root.at("/protocol/ways").asInt()).isEqualTo(5);
        assertThat(root.at("/protocol/shots").asInt()).isEqualTo(1);
        assertThat(root.at("/protocol/query").asInt()).isEqualTo(2);
        assertThat(root.at("/protocol/within").asText()).isEqualTo("alphabet");
        assertThat(root.at("/steps")).hasSize(2);
        assertThat(root.at("/steps/1/loss/ci95").isNull()).isTrue();
        assertThat(root.at("/steps/1/accuracy/mean").asDouble()).isEqualTo(0.6);
        assertThat(root.at("/settings/algorithm/name").asText()).isEqualTo("maml");
        assertThat(root.at("/provenance/theta_sha256").asText()).isEqualTo("abc");
        assertThat(root.at("/provenance/rounds").asInt()).isEqualTo(300);
        assertThat(root.at("/provenance/program_hash").asText()).isEqualTo("program");
        assertThat(root.at("/provenance/data_hash").asText()).isEqualTo("data");
        assertThat(root.at("/provenance/commit").asText()).isNotEmpty();
    }

    private static Evaluator evaluator(EvaluationSettings settings) {
        return new Evaluator(
                settings,
                Protocol.of("few-shot", settings, List.of(LAYOUT), 0, Optional.of("alphabet"), "query", 2),
                new SeedsOnly(),
                "evaluate",
                MEASURES);
    }

    @Test
    void perTaskResultsAreReturnedIfTheyAreRequested() {
        EvaluationSettings settings = new EvaluationSettings(5_000, 1, Split.TEST, 7, Detail.EACH_TASK);
        PerTaskResults results = evaluator(settings)
                .evaluate(new RecordingCluster(), FlatVector.zeros(Precision.FLOAT, 1))
                .tasks()
                .orElseThrow();
        assertThat(results.tasks()).isEqualTo(5_000);
        assertThat(results.steps()).isEqualTo(2);
        assertThat(results.loss(4_500, 1)).isEqualTo(2_250);
        assertThat(results.accuracy(4_500, 0)).hasValue(0.2);
        assertThat(results.milliseconds(4_500)).isEqualTo(4.5);
        assertThat(results.executor(4_500)).isEqualTo("0");
        assertThat(results.executor(4_501)).isEqualTo("1");
        EvaluationSettings summary = new EvaluationSettings(5, 1, Split.TEST, 7, Detail.SUMMARY);
        assertThat(evaluator(summary)
                        .evaluate(new RecordingCluster(), FlatVector.zeros(Precision.FLOAT, 1))
                        .tasks())
                .isEmpty();
    }

    /** Returns for task i losses i and i / 2, accuracies 0.2 and 0.6, a time of i µs, and executor i modulo 3. */
    private static final class RecordingCluster implements Cluster {
        private final List<TaskSpec> seen = new ArrayList<>();

        @Override
        public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
            List<TaskSpec> specs = request.specs();
            seen.addAll(specs);
            double[] outputs = new double[specs.size() * 4];
            for (int i = 0; i < specs.size(); i++) {
                double index = specs.get(i).index();
                System.arraycopy(new double[] {index, index / 2, 0.2, 0.6}, 0, outputs, i * 4, 4);
            }
            PartialSum sum = new PartialSum(0, 0, FlatVector.zeros(Precision.FLOAT, 0), new double[4], specs.size());
            long[] nanos =
                    specs.stream().mapToLong(spec -> 1000L * spec.index()).toArray();
            String[] workers =
                    specs.stream().map(spec -> spec.index() % 3 + ".77").toArray(String[]::new);
            return new RoundResult(
                    sum,
                    List.of(),
                    outputs,
                    Set.of(),
                    0,
                    0,
                    new ExecutorTimings(0, 0, 0, 0),
                    new TaskTimings(nanos, workers),
                    List.of());
        }

        @Override
        public void close() {}
    }

    private static final class SeedsOnly implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return LAYOUT;
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            throw new UnsupportedOperationException("specs only");
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }
}
