package dev.kindling.driver.evaluation.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.evaluation.Calibration;
import dev.kindling.driver.evaluation.GroupMeasure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Measures of predictions against scikit-learn, SciPy and NumPy; {@code measures.py}. */
class RowMeasuresTest {
    private static final int[] STARTS = ints(expected().path("starts"));

    private static JsonNode expected() {
        try {
            return new ObjectMapper().readTree(RowMeasuresTest.class.getResource("measures.json"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    private static float[] floats(JsonNode array) {
        float[] floats = new float[array.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) array.get(i).asDouble();
        }
        return floats;
    }

    private static RowMeasures measures(JsonNode test) {
        return new RowMeasures(
                new QueryRows(
                        floats(test.path("targets")),
                        floats(test.path("weights")),
                        STARTS,
                        test.path("classes").asInt(),
                        test.path("scale").asDouble()),
                new QueryPredictions(floats(test.path("outputs")), floats(test.path("variances"))));
    }

    private static List<JsonNode> cases() {
        List<JsonNode> cases = new ArrayList<>();
        expected().path("cases").forEach(cases::add);
        return cases;
    }

    @TestFactory
    Stream<DynamicTest> measuresOfAllRowsAndOfEachGroupAreThoseOfScikitLearn() {
        return cases().stream()
                .flatMap(test -> measures(test).measures().stream()
                        .map(measure -> DynamicTest.dynamicTest(
                                measure.key() + " of " + test.path("classes") + " classes", () -> {
                                    JsonNode values = test.path("measures").path(measure.key());
                                    assertThat(values).hasSize(STARTS.length);
                                    RowMeasures measures = measures(test);
                                    assertSame(measures.of(measure, 0, STARTS[STARTS.length - 1]), values.get(0));
                                    for (int group = 0; group + 1 < STARTS.length; group++) {
                                        assertSame(
                                                measures.of(measure, STARTS[group], STARTS[group + 1]),
                                                values.get(group + 1));
                                    }
                                })));
    }

    private static void assertSame(double actual, JsonNode expected) {
        if (expected.isNull()) {
            assertThat(actual).isNaN();
        } else {
            assertThat(actual).isCloseTo(expected.asDouble(), within(1e-6));
        }
    }

    @Test
    void everyMeasureIsThatOfSomeCase() {
        assertThat(cases().stream().flatMap(test -> measures(test).measures().stream()))
                .contains(GroupMeasure.values());
    }

    @Test
    void theBinsOfCalibrationAreThoseOfNumPy() {
        assertBins(0, Calibration.Bin::fraction, Calibration.Bin::expected);
        assertBins(1, Calibration.Bin::fraction, Calibration.Bin::expected, Calibration.Bin::observed);
        assertBins(2, Calibration.Bin::fraction, Calibration.Bin::expected, Calibration.Bin::observed);
    }

    @SafeVarargs
    private static void assertBins(int test, Function<Calibration.Bin, Double>... columns) {
        List<Calibration.Bin> bins = measures(cases().get(test)).calibration().bins();
        for (int column = 0; column < columns.length; column++) {
            JsonNode expected = cases().get(test).path("bins").path(column);
            assertThat(bins).hasSameSizeAs(expected);
            for (int bin = 0; bin < bins.size(); bin++) {
                assertSame(columns[column].apply(bins.get(bin)), expected.get(bin));
            }
        }
    }

    @Test
    void aPredictionThatIsNotFiniteMakesTheErrorOfItsGroupNaN() {
        QueryRows rows = new QueryRows(new float[] {1, 2, 3}, new float[] {1, 1, 1}, new int[] {0, 2, 3}, 0, 1);
        RowMeasures measures = new RowMeasures(rows, new QueryPredictions(new float[] {1, Float.NaN, 1}, new float[0]));
        assertThat(measures.of(GroupMeasure.RMSE, 0, 2)).isNaN();
        assertThat(measures.of(GroupMeasure.RMSE, 2, 3)).isEqualTo(2);
        assertThat(measures.calibration().bins()).isEmpty();
    }
}
