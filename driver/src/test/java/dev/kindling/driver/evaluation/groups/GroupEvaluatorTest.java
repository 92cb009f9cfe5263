package dev.kindling.driver.evaluation.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.GroupMeasure;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.GroupRows;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableSource;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

/** Evaluations by group of a pack with test groups of 10 to 14 rows. */
class GroupEvaluatorTest {
    private static final Path PACK = Path.of("src/test/resources/dev/kindling/driver/table/golden-pack");
    private static final FittedBaselines NONE = new FittedBaselines(List.of(), 0, List.of());

    private static TableSource source(int queries) {
        return (TableSource) TaskSources.open(
                TableTaskSettings.prepared(
                        TableTaskSettings.description(
                                GroupDraw.GROUPS,
                                SupportDraw.MOST,
                                new EpisodeSizes(new IntRange(0, 5), 8, new IntRange(0, 5), queries)),
                        PACK.toAbsolutePath().toString()),
                new Configuration());
    }

    private static EvaluationSettings settings(int tasks) {
        return new EvaluationSettings(tasks, 0, Split.TEST, 7, EvaluationSettings.Detail.SUMMARY);
    }

    private static GroupEvaluator evaluator(Integer... supportRows) {
        return new GroupEvaluator(source(TableTaskSettings.ALL_ROWS), settings(1000), List.of(supportRows));
    }

    /** Predicts the mean target of the support rows plus the first feature, and records what it is asked for. */
    private static final class Recording implements QueryPredictor {
        private final List<QueryTask> asked = Collections.synchronizedList(new ArrayList<>());

        @Override
        public String name() {
            return "recording";
        }

        @Override
        public boolean predictsVariances() {
            return false;
        }

        @Override
        public QueryPredictions predict(List<QueryTask> tasks) {
            asked.addAll(tasks);
            QueryPredictions predictions = QueryPredictions.empty(tasks, 1, false);
            int at = 0;
            for (QueryTask task : tasks) {
                for (int query = 0; query < task.queries(); query++) {
                    predictions.outputs()[at++] = (float) prediction(task, query);
                }
            }
            return predictions;
        }

        private static double prediction(QueryTask task, int query) {
            double sum = 0;
            for (int row = 0; row < task.support(); row++) {
                sum += task.rows().y()[row];
            }
            GroupRows rows = task.rows();
            return sum / Math.max(1, task.support()) + rows.x()[(task.firstQuery() + query) * rows.features()];
        }
    }

    private static int tests() {
        return source(8).sizes(Split.TEST).values().stream()
                .mapToInt(Integer::intValue)
                .sum();
    }

    @Test
    void everyGroupIsShownItsFirstRowsAndIsAskedForTheSameRowsEveryTime() {
        Recording model = new Recording();
        GroupEvaluation evaluation = evaluator(0, 1, 5).evaluate(model, NONE);
        assertThat(evaluation.groups()).hasSize(tests());
        assertThat(evaluation.protocol().shorter()).isZero();
        Map<String, List<QueryTask>> byGroup = new TreeMap<>();
        model.asked.forEach(task -> byGroup.computeIfAbsent(task.rows().key(), key -> new ArrayList<>())
                .add(task));
        assertThat(byGroup).hasSize(tests());
        byGroup.values().forEach(tasks -> {
            assertThat(tasks).extracting(QueryTask::support).containsExactlyInAnyOrder(0, 1, 5);
            assertThat(tasks).extracting(QueryTask::firstQuery).containsOnly(5);
            assertThat(tasks)
                    .extracting(QueryTask::queries)
                    .containsOnly(tasks.get(0).rows().size() - 5);
        });
        assertThat(evaluation.protocol().queries())
                .isEqualTo(evaluation.groups().stream()
                        .mapToInt(GroupEvaluation.EvaluatedGroup::queries)
                        .sum());
    }

    @Test
    void aGroupWithFewerRowsIsShownAllRowsButItsQuery() {
        Recording model = new Recording();
        GroupEvaluation evaluation = evaluator(2, 12).evaluate(model, NONE);
        assertThat(evaluation.protocol().shorter()).isPositive().isLessThan(tests());
        model.asked.forEach(task -> {
            int rows = task.rows().size();
            assertThat(task.firstQuery()).isEqualTo(Math.min(12, rows - 1));
            assertThat(task.queries()).isEqualTo(rows - task.firstQuery()).isPositive();
            assertThat(task.support()).isIn(2, task.firstQuery());
        });
    }

    @Test
    void scoresOverRowsAndOfGroupsAreThoseOfTheErrors() {
        GroupEvaluation evaluation = evaluator(0, 3).evaluate(new Recording(), NONE);
        TableSource source = source(8);
        Map<String, GroupRows> rows = new TreeMap<>();
        for (int index = 0; index < tests(); index++) {
            TaskSpec spec = source.sample(new TaskKey(7, Split.TEST, 0, index));
            rows.put(source.name(spec).orElseThrow(), source.groupRows(spec));
        }
        double squares = 0;
        double weights = 0;
        for (int i = 0; i < evaluation.groups().size(); i++) {
            GroupRows group = rows.get(evaluation.groups().get(i).key());
            double ofGroup = 0;
            double weight = 0;
            for (int row = 3; row < group.size(); row++) {
                double mean = ((double) group.y()[0] + group.y()[1] + group.y()[2]) / 3;
                double error = source.targetScale()
                        * ((double) group.y()[row] - (float) (mean + group.x()[row * group.features()]));
                ofGroup += group.weights()[row] * error * error;
                weight += group.weights()[row];
            }
            assertThat(evaluation.models().get(0).ofGroups(GroupMeasure.RMSE, 1)[i])
                    .isCloseTo(Math.sqrt(ofGroup / weight), within(1e-9));
            squares += ofGroup;
            weights += weight;
        }
        assertThat(evaluation.models().get(0).overRows(GroupMeasure.RMSE, 1))
                .isCloseTo(Math.sqrt(squares / weights), within(1e-9));
    }

    @Test
    void theNumberOfThreadsChangesNoBit() throws Exception {
        List<List<double[]>> scores = new ArrayList<>();
        for (int threads : new int[] {1, 4}) {
            ForkJoinPool pool = new ForkJoinPool(threads);
            try {
                GroupEvaluation evaluation = pool.submit(
                                () -> evaluator(0, 1, 5).evaluate(new Recording(), NONE))
                        .get();
                scores.add(List.of(
                        evaluation.models().get(0).ofGroups(GroupMeasure.RMSE, 2),
                        new double[] {evaluation.models().get(0).overRows(GroupMeasure.MAE, 1)}));
            } finally {
                pool.shutdown();
            }
        }
        assertThat(scores.get(0).get(0)).isEqualTo(scores.get(1).get(0));
        assertThat(scores.get(0).get(1)).isEqualTo(scores.get(1).get(1));
    }

    @Test
    void theSettingsLimitGroupsAndTheirQueries() {
        GroupEvaluation evaluation =
                new GroupEvaluator(source(2), settings(4), List.of(0, 5)).evaluate(new Recording(), NONE);
        assertThat(evaluation.groups()).hasSize(4).allMatch(group -> group.queries() == 2);
    }

    @Test
    void groupsBeyondTheLimitOfMemoryAreLeftOut() {
        int numbersOfRow = 2 * 2 * 5;
        GroupEvaluation evaluation = new GroupEvaluator(source(2), settings(1000), List.of(0, 5), 7 * numbersOfRow)
                .evaluate(new Recording(), NONE);
        assertThat(evaluation.groups()).hasSize(3);
    }

    @Test
    void anInterruptionEndsTheEvaluation() {
        GroupEvaluator evaluator = evaluator(0);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> evaluator.evaluate(new Recording(), NONE)).isInstanceOf(ClusterException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void theFirstRowsOfAGroupAreTheSupportSetOfItsTask() {
        TableSource source = source(8);
        TaskSpec spec = source.sample(new TaskKey(7, Split.TEST, 0, 0));
        GroupRows group = source.groupRows(spec);
        assertThat(group.size()).isEqualTo(source.rows(spec));
        FlatVector episode =
                FlatVector.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, episode, 0);
        for (int i = 0; i < 5 * group.features(); i++) {
            assertThat((double) group.x()[i]).isEqualTo(episode.at(i));
        }
    }
}
