package dev.kindling.driver.evaluation.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.QueryPredictions;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.evaluation.groups.QueryTask;
import dev.kindling.job.task.table.GroupRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Predictions of the baselines against scikit-learn, NumPy and SciPy; {@code baselines.py}. */
class BaselineFitTest {
    private final JsonNode resource;

    BaselineFitTest() throws IOException {
        this.resource = new ObjectMapper().readTree(BaselineFitTest.class.getResource("baselines.json"));
    }

    private static List<GroupRows> groups(JsonNode nodes) {
        List<GroupRows> groups = new ArrayList<>();
        for (JsonNode node : nodes) {
            groups.add(new GroupRows(
                    "g" + groups.size(), floats(node.path("x")), floats(node.path("y")), floats(node.path("w")), 0));
        }
        return groups;
    }

    private static float[] floats(JsonNode array) {
        float[] floats = new float[array.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) array.get(i).asDouble();
        }
        return floats;
    }

    private TrainingGroups training(String name) {
        return new TrainingGroups(groups(resource.path(name).path("train")), name.equals("classes") ? 2 : 0);
    }

    /** Each test group with each number of support rows, in the order of the resource. */
    private List<QueryTask> tasks(String name) {
        List<QueryTask> tasks = new ArrayList<>();
        int queries = resource.path("queries").asInt();
        for (GroupRows group : groups(resource.path(name).path("test"))) {
            for (JsonNode support : resource.path("support")) {
                tasks.add(new QueryTask(group, support.asInt(), group.size() - queries, queries));
            }
        }
        return tasks;
    }

    private JsonNode expected(String name) {
        return resource.path(name).path("expected");
    }

    /** Asserts predictions, of which every {@code stride}-th is expected, beginning with the last of the first. */
    private static void assertSame(float[] actual, int stride, JsonNode expected, double tolerance) {
        List<Double> flat = new ArrayList<>();
        expected.forEach(row -> row.forEach(number -> flat.add(number.asDouble())));
        assertThat(actual).hasSize(stride * flat.size());
        for (int i = 0; i < flat.size(); i++) {
            assertThat((double) actual[stride * i + stride - 1])
                    .as("prediction %d", i)
                    .isCloseTo(flat.get(i), within(tolerance));
        }
    }

    private static void assertProbabilities(float[] outputs) {
        for (int i = 0; i < outputs.length; i += 2) {
            assertThat(outputs[i] + outputs[i + 1]).isCloseTo(1, within(1e-6f));
        }
    }

    @Test
    void theMeanIsTheWeightedMeanOfTheTrainingRowsWithTheirVariance() {
        QueryPredictions values =
                predictor(Baseline.MEAN, training("regression")).predict(tasks("regression"));
        assertThat(values.outputs())
                .containsOnly((float) expected("regression").path("mean").asDouble());
        assertThat(values.variances()).hasSameSizeAs(values.outputs()).containsOnly((float)
                expected("regression").path("variance").asDouble());
        QueryPredictions classes = predictor(Baseline.MEAN, training("classes")).predict(tasks("classes"));
        float second = (float) expected("classes").path("mean").asDouble();
        assertThat(classes.outputs()).containsOnly(second, (float)
                (1 - expected("classes").path("mean").asDouble()));
        assertThat(classes.outputs()[1]).isEqualTo(second);
        assertThat(classes.variances()).isEmpty();
    }

    @Test
    void theRidgeOfAGroupIsThatOfScikitLearn() {
        QueryPredictions values =
                predictor(Baseline.OWN_RIDGE, training("regression")).predict(tasks("regression"));
        assertSame(values.outputs(), 1, expected("regression").path("own"), 1e-5);
        QueryPredictions classes =
                predictor(Baseline.OWN_RIDGE, training("classes")).predict(tasks("classes"));
        assertSame(classes.outputs(), 2, expected("classes").path("own"), 1e-5);
        assertProbabilities(classes.outputs());
    }

    @Test
    void theMixedModelIsThatOfNumPy() {
        QueryPredictions values =
                predictor(Baseline.MIXED_MODEL, training("regression")).predict(tasks("regression"));
        assertSame(values.outputs(), 1, expected("regression").path("mixed"), 1e-5);
        assertSame(values.variances(), 1, expected("regression").path("mixed_variance"), 1e-5);
    }

    @Test
    void theMixedModelOfTwoClassesIsTheLaplaceApproximationOfSciPy() {
        QueryPredictions classes =
                predictor(Baseline.MIXED_MODEL, training("classes")).predict(tasks("classes"));
        assertSame(classes.outputs(), 2, expected("classes").path("mixed"), 1e-4);
        assertProbabilities(classes.outputs());
    }

    @Test
    void aPredictionDoesNotDependOnTheOtherTasks() {
        for (QueryPredictor baseline : List.of(
                predictor(Baseline.OWN_RIDGE, training("regression")),
                predictor(Baseline.MIXED_MODEL, training("regression")))) {
            QueryPredictions all = baseline.predict(tasks("regression"));
            int at = 0;
            for (QueryTask task : tasks("regression")) {
                for (float output : baseline.predict(List.of(task)).outputs()) {
                    assertThat(output).isEqualTo(all.outputs()[at++]);
                }
            }
        }
    }

    /** A baseline whose parameters were written and read. */
    private static QueryPredictor predictor(Baseline baseline, TrainingGroups training) {
        byte[] json = BaselineParameters.of(training, List.of(baseline)).json();
        return BaselineParameters.read(json, "baselines.json")
                .predictors(List.of(baseline), Optional.empty())
                .predictors()
                .get(0);
    }
}
