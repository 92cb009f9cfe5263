package dev.kindling.driver.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableManifest;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackFitTest {
    private static final int GROUPS = 60;
    private static final int ROWS = 8;
    private static final String ITEMS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN";

    private static SparkApplication spark;
    private static TablePreparer preparer;

    @TempDir
    private Path temporary;

    private int packs;

    @BeforeAll
    static void startSpark() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
        preparer = TablePreparer.on(spark);
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    /** A row of a group: a number, an item, and what a label can be made of. */
    private record Made(double x, String item, double score) {}

    /** A made-up table g,y,x,item whose label is not linear in x. */
    private static String table(int groups, IntFunction<String> label, boolean items) {
        StringBuilder text = new StringBuilder(items ? "g,y,x,item\n" : "g,y,x\n");
        for (int group = 0; group < groups; group++) {
            for (int row = 0; row < ROWS; row++) {
                Made made = made(group, row);
                text.append(key(group))
                        .append(',')
                        .append(label.apply(group * ROWS + row))
                        .append(',')
                        .append(made.x());
                if (items) {
                    text.append(',').append(made.item());
                }
                text.append('\n');
            }
        }
        return text.toString();
    }

    private static String key(int group) {
        return String.format(Locale.ROOT, "g%02d", group);
    }

    private static Made made(int group, int row) {
        RandomStream stream = RandomStream.of(group, row);
        double x = Math.round(1000 * stream.nextNormal()) / 1000.0;
        int item = stream.nextInt(ITEMS.length());
        double score = 3 * Math.abs(x) + 0.1 * item + 0.3 * stream.nextNormal();
        return new Made(x, ITEMS.substring(item, item + 1), score);
    }

    private static double score(int at) {
        return made(at / ROWS, at % ROWS).score();
    }

    private record Prepared(Path folder, TableManifest manifest, JsonNode encoding, TaskSource source) {
        JsonNode trees(int fit) {
            return encoding.at("/stack/fits/" + fit + "/0");
        }

        /** A feature of all rows of training groups. */
        List<Double> column(int feature) {
            List<Double> numbers = new ArrayList<>();
            for (int task = 0; task < 200; task++) {
                TaskSpec spec = source.sample(new TaskKey(1, Split.TRAIN, 0, task));
                EpisodeLayout layout = source.layout(spec);
                FlatVector episode =
                        FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
                source.materialise(spec, episode, 0);
                for (int row = 0; row < source.queries(spec); row++) {
                    numbers.add(episode.at(layout.arrays().offset(EpisodeLayout.QUERY_X)
                            + row * layout.features().size()
                            + feature));
                }
            }
            return numbers;
        }
    }

    private Prepared prepare(String csv, TableSettings.Stack stack, int maxOneHot) throws IOException {
        Path folder = temporary.resolve("pack" + packs++);
        Path path = Files.writeString(temporary.resolve("table" + packs + ".csv"), csv);
        TableSettings settings = new TableSettings(
                path.toString(),
                "",
                "",
                new TreeMap<>(),
                TableSettings.Target.AUTO,
                "g",
                "y",
                List.of(),
                List.of(),
                "",
                "",
                "",
                new TableSettings.GroupSplit.Fractions(1, 0, 0),
                1,
                4096,
                maxOneHot,
                10,
                false,
                stack,
                5);
        TableManifest manifest = preparer.prepare(settings, folder.toString(), Optional.empty());
        EpisodeSizes sizes = new EpisodeSizes(IntRange.of(0), 1000, IntRange.of(0), TableTaskSettings.ALL_ROWS);
        TaskSource source = TaskSources.open(
                TableTaskSettings.prepared(
                        TableTaskSettings.description(GroupDraw.GROUPS, SupportDraw.MOST, sizes), folder.toString()),
                new Configuration());
        JsonNode encoding = new ObjectMapper()
                .readTree(Files.readString(folder.resolve("table.json")))
                .get("encoding");
        return new Prepared(folder, manifest, encoding, source);
    }

    private Prepared prepare(String csv) throws IOException {
        return prepare(csv, TableSettings.Stack.GBT, 30);
    }

    @Test
    void thePredictionIsAStandardisedFeatureThatExplainsTheLabelWhereNoLinearOneDoes() throws IOException {
        Prepared prepared = prepare(table(GROUPS, at -> "" + score(at), false));
        assertThat(prepared.manifest().features()).containsExactly("x", "stacked prediction");
        List<Double> column = prepared.column(1);
        double mean = column.stream().mapToDouble(v -> v).average().orElseThrow();
        double square = column.stream().mapToDouble(v -> v * v).average().orElseThrow();
        // Tasks are drawn, so that their rows are a sample of the training rows.
        assertThat(mean).isCloseTo(0, within(0.2));
        assertThat(square).isCloseTo(1, within(0.3));
        JsonNode trees = prepared.trees(0).get("trees");
        assertThat(trees.size()).isGreaterThanOrEqualTo(20);
        assertThat(prepared.source().notes())
                .contains("table.stack = gbt: a prediction of the label by boosted trees is a feature");
        // The prediction falls, then rises with x.
        List<Double> x = prepared.column(0);
        assertThat(prediction(x, column, -1.2)).isGreaterThan(prediction(x, column, 0) + 1);
        assertThat(prediction(x, column, 1.2)).isGreaterThan(prediction(x, column, 0) + 1);
    }

    private static double prediction(List<Double> x, List<Double> column, double near) {
        int closest = 0;
        for (int i = 0; i < x.size(); i++) {
            closest = Math.abs(x.get(i) - near) < Math.abs(x.get(closest) - near) ? i : closest;
        }
        return column.get(closest);
    }

    @Test
    void labelsOfATrainingGroupDoNotInfluenceTheTreesThatPredictIt() throws IOException {
        Prepared before = prepare(table(GROUPS, at -> "" + score(at), false));
        Prepared after = prepare(table(GROUPS, at -> "" + (score(at) + (at < ROWS ? 100 * (at + 1) : 0)), false));
        int fold = GroupKeys.fold(1, key(0));
        for (int other = 0; other < GroupKeys.FOLDS; other++) {
            JsonNode a = before.trees(other + 1);
            JsonNode b = after.trees(other + 1);
            int both = Math.min(a.get("trees").size(), b.get("trees").size());
            boolean same = a.get("base").equals(b.get("base"));
            for (int tree = 0; tree < both; tree++) {
                same &= a.get("trees").get(tree).equals(b.get("trees").get(tree));
            }
            assertThat(same).as("the trees without fold %s", other).isEqualTo(other == fold);
        }
    }

    @Test
    void neitherDoTheyByTheCrossedEffectsThatOtherGroupsGet() throws IOException {
        Prepared before = prepare(table(GROUPS, at -> "" + score(at), true));
        Prepared after = prepare(table(GROUPS, at -> "" + (score(at) + (at < ROWS ? at % 3 : 0)), true));
        assertThat(before.manifest().features())
                .containsExactly("x", "item effect", "item count", "stacked prediction");
        int fold = GroupKeys.fold(1, key(0));
        JsonNode a = before.trees(fold + 1);
        JsonNode b = after.trees(fold + 1);
        assertThat(a.get("base")).isEqualTo(b.get("base"));
        int both = Math.min(a.get("trees").size(), b.get("trees").size());
        for (int tree = 0; tree < both; tree++) {
            for (String name : List.of("features", "left", "right")) {
                assertThat(b.get("trees").get(tree).get(name))
                        .as("%s of tree %s", name, tree)
                        .isEqualTo(a.get("trees").get(tree).get(name));
            }
            JsonNode values = a.get("trees").get(tree).get("values");
            for (int leaf = 0; leaf < values.size(); leaf++) {
                assertThat(b.get("trees").get(tree).get("values").get(leaf).asDouble())
                        .isCloseTo(values.get(leaf).asDouble(), within(1e-6));
            }
        }
    }

    @Test
    void logitsOfClassesAreFeaturesForAllClassesButTheFirst() throws IOException {
        Prepared two = prepare(table(GROUPS, at -> score(at) > 4 ? "yes" : "no", false));
        assertThat(two.manifest().features()).containsExactly("x", "stacked prediction");
        assertThat(two.encoding().at("/stack/limit").asDouble()).isEqualTo(StrictMath.log(49), within(1e-12));
        Prepared three =
                prepare(table(GROUPS, at -> List.of("a", "b", "c").get((int) Math.min(2, score(at) / 3)), false));
        assertThat(three.manifest().features())
                .containsExactly("x", "stacked prediction on b", "stacked prediction on c");
        String many = table(GROUPS, at -> "c" + at % 12, false);
        assertThatThrownBy(() -> prepare(many))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "table.stack is gbt and the label has 12 classes; it must be none or auto if there are more "
                                + "than 11");
        assertThat(prepare(many, TableSettings.Stack.AUTO, 30).manifest().features())
                .containsExactly("x");
    }

    @Test
    void tooFewGroupsOrRowsAreNotStackedAndANoteSaysSo() throws IOException {
        Prepared tiny = prepare(table(3, at -> "" + score(at), false));
        assertThat(tiny.manifest().features()).containsExactly("x");
        assertThat(tiny.source().notes())
                .contains(
                        "table.stack = gbt: no feature, the training groups or their rows are too few for boosted trees");
        Prepared small = prepare(table(39, at -> "" + score(at), false), TableSettings.Stack.AUTO, 30);
        assertThat(small.manifest().features()).containsExactly("x");
        Prepared enough = prepare(table(GROUPS, at -> "" + score(at), false), TableSettings.Stack.AUTO, 30);
        assertThat(enough.manifest().features()).containsExactly("x", "stacked prediction");
    }

    @Test
    void aCategoryOfSomeValuesHasItsEffectBesideItsIndicators() throws IOException {
        Prepared prepared = prepare(table(GROUPS, at -> "" + score(at), true), TableSettings.Stack.NONE, 40);
        assertThat(prepared.manifest().features())
                .hasSize(1 + ITEMS.length() + 1)
                .contains("item=a", "item effect")
                .doesNotContain("item count");
        // Its effect grows with its place in ITEMS; values are sorted, upper case first.
        JsonNode effects = prepared.encoding().at("/encodings/2/fits/0/effects/0");
        int last = ITEMS.length() - ITEMS.indexOf('A') - 1;
        assertThat(effects.get(last).asDouble())
                .isGreaterThan(effects.get(last + 1).asDouble() + 0.3);
    }
}
