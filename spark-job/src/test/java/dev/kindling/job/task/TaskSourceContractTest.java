package dev.kindling.job.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.fewshot.Augmentation;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.task.fewshot.ImageSet;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.task.fewshot.WaySettings;
import dev.kindling.job.task.regression.RegressionSettings;
import dev.kindling.job.task.sinusoid.DoubleRange;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.SmallTablePacks;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of {@link TaskSource} and of its settings, checked for every source: one row each. */
final class TaskSourceContractTest {
    private static final Configuration HADOOP = new Configuration();
    private static final EpisodeSizes SIZES = new EpisodeSizes(2, 3, 1, 4);
    private static final String GENERATED = "generated";
    private static final String SHA_256 = "[0-9a-f]{64}";

    private static final List<Refusal> SIZE_REFUSALS = List.of(
            new Refusal("task.support", "0", "task.support is 0; it must be at least 1"),
            new Refusal("task.support", "few", "task.support is few; it must be an integer or a range [least, most]"),
            new Refusal("task.support", "[3, 2]", "the range [3, 2] is empty"),
            new Refusal("task.query", "0", "task.query is 0; it must be at least 1"),
            new Refusal("evaluation.query", "2.5", "evaluation.query is 2.5; it must be an integer"));

    private static final List<Refusal> FIXED_SIZE_REFUSALS =
            List.of(new Refusal("evaluation.support", "[1, 2]", "evaluation.support is [1, 2]; for task.source = "));

    private static final List<Refusal> SINUSOID_REFUSALS = List.of(
            new Refusal("sinusoid.amplitude", "[5.0, 0.1]", "sinusoid.amplitude is [5.0, 0.1]; it must be [a, b]"),
            new Refusal("sinusoid.phase", "[0, NaN]", "sinusoid.phase is [0.0, NaN]; it must be [a, b]"),
            new Refusal("sinusoid.frequency", "1", "sinusoid.frequency is 1; it must be [a, b]"),
            new Refusal("sinusoid.frequency", "[1, x]", "sinusoid.frequency is [1, x]; it must be [a, b]"),
            new Refusal("sinusoid.input", "[2, 2]", "sinusoid.input is [2.0, 2.0]; it must be [a, b] with a below b"),
            new Refusal("sinusoid.sign", "times", "sinusoid.sign is times; it must be minus or plus"),
            new Refusal("sinusoid.side", "left", "sinusoid.side is left; it must be both or one"),
            new Refusal("sinusoid.pool", "-1", "sinusoid.pool is -1; it must be at least 0"),
            new Refusal("sinusoid.pool", "many", "sinusoid.pool is many; it must be an integer"),
            new Refusal("sinusoid.oracle", "maybe", "sinusoid.oracle is maybe; it must be true or false"));

    private static final List<Refusal> FEW_SHOT_REFUSALS = List.of(
            new Refusal("few-shot.data", " ", "few-shot.data is empty"),
            new Refusal("few-shot.data", "missing.zip", "few-shot.data is file:"),
            new Refusal("few-shot.ways", "1", "few-shot.ways is 1; it must be at least 2"),
            new Refusal("few-shot.ways", "40", "few-shot.ways is 40; it must be at most 24"),
            new Refusal("few-shot.within", "class", "few-shot.within is class; it must be split or alphabet"),
            new Refusal("few-shot.rotations", "4", "few-shot.rotations is 4; it must be true or false"),
            new Refusal(
                    "few-shot.train-on-validation", "4", "few-shot.train-on-validation is 4; it must be true or false"),
            new Refusal("augmentation.rotation", "181", "augmentation.rotation is 181.0; it must be from 0 to 180"),
            new Refusal("augmentation.translation", "1", "augmentation.translation is 1.0; it must be at least 0"),
            new Refusal("augmentation.scaling", "a", "augmentation.scaling is a; it must be a number"),
            new Refusal("augmentation.shear", "90", "augmentation.shear is 90.0; it must be at least 0 and below 90"),
            new Refusal("few-shot.image-size", "0", "few-shot.image-size is 0; it must be from 1 to 1024"),
            new Refusal("few-shot.channels", "2", "few-shot.channels is 2; it must be 1 for grey or 3 for colour"),
            new Refusal("few-shot.polarity", "grey", "few-shot.polarity is grey; it must be dark or light"),
            new Refusal("few-shot.memory", "-1", "few-shot.memory is -1; it must be at least 0"));

    @TempDir
    static Path temp;

    /** A value of a key that must be refused, and the beginning of the message. */
    private record Refusal(String key, String value, String message) {}

    /**
     * A source.
     *
     * @param group training tasks that are stacked into one
     * @param reread parses the settings and formats them again
     * @param dataHash a pattern
     * @param checks the statements of its data checks
     * @param refusals wrong values of its keys
     */
    private record Row(
            String name,
            String source,
            SortedMap<String, String> settings,
            int group,
            UnaryOperator<SortedMap<String, String>> reread,
            String dataHash,
            List<String> checks,
            List<Refusal> refusals) {
        TaskSource open() {
            return open(settings);
        }

        TaskSource open(SortedMap<String, String> others) {
            return TaskSources.open(new SourceDescription(source, others).together(group), HADOOP);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Row> sources() throws IOException {
        return List.of(
                sinusoid("sinusoid", SinusoidSettings.maml(SIZES), 1),
                sinusoid(
                        "sinusoid from a pool",
                        new SinusoidSettings(
                                new DoubleRange(0.1, 5),
                                new DoubleRange(0, 2 * Math.PI),
                                new DoubleRange(0.5, 2),
                                new DoubleRange(-5, 5),
                                SinusoidSettings.Sign.PLUS,
                                SinusoidSettings.Side.ONE,
                                1000,
                                false,
                                SIZES),
                        1),
                sinusoid(
                        "sinusoid with an oracle",
                        new SinusoidSettings(
                                new DoubleRange(0.1, 5),
                                new DoubleRange(0, Math.PI),
                                new DoubleRange(1, 1),
                                new DoubleRange(-5, 5),
                                SinusoidSettings.Sign.MINUS,
                                SinusoidSettings.Side.BOTH,
                                0,
                                true,
                                SIZES),
                        1),
                sinusoid("grouped sinusoid", SinusoidSettings.maml(SIZES), 3),
                new Row(
                        "regression",
                        "regression",
                        new RegressionSettings(SIZES).toMap(),
                        1,
                        settings -> RegressionSettings.fromMap(settings).toMap(),
                        GENERATED,
                        List.of(),
                        concat(SIZE_REFUSALS, FIXED_SIZE_REFUSALS)),
                fewShot("few-shot", images().tree(temp.resolve("tree")), WaySettings.of(3), SIZES, 1 << 20, 1),
                fewShot(
                        "few-shot with varying shapes, decoded on demand",
                        images().zip(temp.resolve("set.zip")),
                        new WaySettings(new IntRange(2, 4), new IntRange(2, 3)),
                        new EpisodeSizes(new IntRange(1, 2), 3, new IntRange(1, 3), 2),
                        0,
                        1),
                table(SmallTablePacks.regression(temp.resolve("regression")), GroupDraw.GROUPS),
                table(SmallTablePacks.regression(temp.resolve("regression by rows")), GroupDraw.ROWS),
                table(SmallTablePacks.classification(temp.resolve("classification")), GroupDraw.GROUPS),
                fewShot("grouped few-shot", images().tree(temp.resolve("tree")), WaySettings.of(3), SIZES, 1 << 20, 2));
    }

    /** Groups of at least ten rows, so that every size can occur. */
    private static Row table(Path pack, GroupDraw groups) {
        TableTaskSettings settings = new TableTaskSettings(
                pack.toString(),
                groups,
                SupportDraw.MIX,
                new EpisodeSizes(new IntRange(0, 4), 5, IntRange.of(3), TableTaskSettings.ALL_ROWS));
        return new Row(
                "table of " + pack.getFileName(),
                "table",
                settings.toMap(),
                1,
                map -> TableTaskSettings.fromMap(map).toMap(),
                SHA_256,
                List.of("splits disjoint", "support and query disjoint"),
                List.of(
                        new Refusal("task.support", "-1", "task.support is -1; it must be an integer or a range"),
                        new Refusal("task.query", "0", "task.query is 0; it must be at least 1"),
                        new Refusal("task.support", "900", "the table has no train group of at least 901 rows"),
                        new Refusal("table.draw", "all", "table.draw is all; it must be groups or rows"),
                        new Refusal(
                                "table.support-draw", "all", "table.support-draw is all; it must be mix or uniform"),
                        new Refusal("table.pack", "/missing/pack", "/missing/pack/pack.json does not exist")));
    }

    private static Row sinusoid(String name, SinusoidSettings settings, int group) {
        return new Row(
                name,
                "sinusoid",
                settings.toMap(),
                group,
                map -> SinusoidSettings.fromMap(map).toMap(),
                GENERATED,
                List.of(),
                concat(SIZE_REFUSALS, concat(FIXED_SIZE_REFUSALS, SINUSOID_REFUSALS)));
    }

    private static Row fewShot(String name, Path data, WaySettings ways, EpisodeSizes sizes, long memory, int group) {
        Path tree = temp.resolve("tree");
        FewShotSettings settings = new FewShotSettings(
                List.of(data.toString()),
                new SplitSettings.Named(tree.toString()),
                ways,
                group == 1 ? FewShotSettings.ClassPool.GROUP : FewShotSettings.ClassPool.SPLIT,
                true,
                false,
                Augmentation.NONE,
                new ImageFormat(4, 1, ImageFormat.Polarity.DARK),
                memory,
                sizes);
        return new Row(
                name,
                "few-shot",
                settings.toMap(),
                group,
                map -> FewShotSettings.fromMap(map).toMap(),
                SHA_256,
                List.of("splits disjoint", "support and query disjoint"),
                concat(SIZE_REFUSALS, FEW_SHOT_REFUSALS));
    }

    /** Six classes in two groups for each split; with rotations, 24. */
    private static ImageSet images() {
        ImageSet set = new ImageSet();
        for (String split : List.of("train", "val", "test")) {
            StringBuilder lines = new StringBuilder();
            for (String group : List.of("Greek", "Latin")) {
                for (int i = 0; i < 3; i++) {
                    String name = group + "/" + split + i;
                    set.images("all/" + name, 6);
                    lines.append(name).append('\n');
                }
            }
            set.text(split + ".txt", lines.toString());
        }
        return set;
    }

    private static List<Refusal> concat(List<Refusal> first, List<Refusal> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    private static TaskKey key(Split split, int index) {
        return new TaskKey(7, split, 3, index);
    }

    private static double[] episode(TaskSource source, TaskSpec spec) {
        FlatVector episode =
                FlatVector.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, episode, 0);
        return episode.toDoubles();
    }

    @Test
    void everySourceHasARow() throws IOException {
        assertThat(TaskSources.providers().keySet())
                .isEqualTo(sources().stream().map(Row::source).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TaskSources.open(new SourceDescription("sinus", new TreeMap<>()), HADOOP))
                .withMessage("task.source is sinus; it must be one of few-shot, regression, sinusoid, table");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void aTaskIsAFunctionOfItsKeyAndDiffersForEveryPartOfIt(Row row) {
        TaskSource source = row.open();
        TaskSource other = row.open();
        TaskKey key = new TaskKey(1, Split.TRAIN, 2, 3);
        TaskSpec spec = source.sample(key);
        assertThat(other.sample(key)).isEqualTo(spec);
        assertThat(episode(other, spec)).containsExactly(episode(source, spec));
        for (TaskKey changed : List.of(
                new TaskKey(2, Split.TRAIN, 2, 3),
                new TaskKey(1, Split.VALIDATE, 2, 3),
                new TaskKey(1, Split.TRAIN, 3, 3),
                new TaskKey(1, Split.TRAIN, 2, 4))) {
            assertThat(episode(source, source.sample(changed)))
                    .as("%s", changed)
                    .isNotEqualTo(episode(source, spec));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void episodesAreTheSameOnEveryThread(Row row) {
        TaskSource shared = row.open();
        TaskSource sequential = row.open();
        List<double[]> parallel = IntStream.range(0, 64)
                .parallel()
                .mapToObj(i -> episode(shared, shared.sample(key(Split.TRAIN, i / 2))))
                .toList();
        for (int i = 0; i < parallel.size(); i++) {
            assertThat(parallel.get(i))
                    .containsExactly(episode(sequential, sequential.sample(key(Split.TRAIN, i / 2))));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void anEpisodeFillsItsLayoutAndNothingElse(Row row) {
        TaskSource source = row.open();
        for (Split split : Split.values()) {
            List<EpisodeLayout> layouts = source.layouts(split);
            assertThat(layouts).doesNotHaveDuplicates().endsWith(source.layout(split));
            for (int i = 0; i < 20; i++) {
                TaskSpec spec = source.sample(key(split, i));
                assertThat(spec.split()).isEqualTo(split);
                EpisodeLayout layout = source.layout(spec);
                assertThat(layouts).contains(layout);
                int size = layout.arrays().size();
                double[] doubles = filled(source, spec, Precision.DOUBLE, size);
                double[] floats = filled(source, spec, Precision.FLOAT, size);
                for (int at = 0; at < doubles.length; at++) {
                    boolean inside = at >= 2 && at < size + 2;
                    assertThat(Double.isNaN(doubles[at])).isEqualTo(!inside);
                    assertThat(Double.compare(floats[at], (float) doubles[at])).isZero();
                }
                if (layout.classification() && !layout.weighted()) {
                    assertLabels(layout, EpisodeLayout.SUPPORT_Y, doubles);
                    assertLabels(layout, EpisodeLayout.QUERY_Y, doubles);
                }
            }
        }
    }

    /** An episode from offset 2 in a vector of NaN that is longer by 3. */
    private static double[] filled(TaskSource source, TaskSpec spec, Precision precision, int size) {
        FlatVector vector = FlatVector.zeros(precision, size + 3);
        for (int i = 0; i < size + 3; i++) {
            vector.set(i, Double.NaN);
        }
        source.materialise(spec, vector, 2);
        return vector.toDoubles();
    }

    private static void assertLabels(EpisodeLayout layout, String array, double[] episode) {
        Layout arrays = layout.arrays();
        int from = 2 + arrays.offset(array);
        int count = arrays.shape(array).size();
        for (int label = 0; label < layout.classes(); label++) {
            double expected = label;
            assertThat(IntStream.range(from, from + count)
                            .filter(i -> episode[i] == expected)
                            .count())
                    .as("label %d of %s", label, array)
                    .isEqualTo(count / layout.classes());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void setsHaveTheConfiguredSizes(Row row) {
        TaskSource source = row.open();
        EpisodeSizes sizes = EpisodeSizes.from(row.settings());
        for (Split split : Split.values()) {
            EpisodeLayout layout = source.layout(split);
            int perExample = layout.weighted() ? 1 : Math.max(1, layout.classes());
            assertThat(layout.support()).isEqualTo(perExample * sizes.support(split));
            if (sizes.query(split) < TableTaskSettings.ALL_ROWS) {
                assertThat(layout.query()).isEqualTo(perExample * sizes.query(split));
            }
            assertThat(layout.tasks()).isEqualTo(split == Split.TRAIN ? row.group() : 1);
            assertThat(source.single().layout(split)).isEqualTo(layout.single());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void theDataHashIsTheSameWhereverTheSourceIsOpened(Row row) {
        assertThat(row.open().dataHash())
                .matches(row.dataHash())
                .isEqualTo(row.open().dataHash())
                .isEqualTo(row.open().single().dataHash());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void theChecksOfTheDataHold(Row row) {
        TaskSource source = row.open();
        List<TaskSpec> specs = Stream.of(Split.values())
                .flatMap(split -> IntStream.range(0, 20).mapToObj(i -> source.sample(key(split, i))))
                .toList();
        List<CheckResult> checks = source.checks(specs);
        assertThat(checks).extracting(CheckResult::statement).isEqualTo(row.checks());
        assertThat(checks).allMatch(CheckResult::holds);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void settingsRoundTrip(Row row) {
        assertThat(row.reread().apply(row.settings())).isEqualTo(row.settings());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void everyMissingSettingIsNamed(Row row) {
        for (String key : row.settings().keySet()) {
            SortedMap<String, String> settings = new TreeMap<>(row.settings());
            settings.remove(key);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> row.open(settings))
                    .withMessage(key + " is missing from the settings of the task source");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sources")
    void wrongValuesAreRefusedNamingKeyAndValue(Row row) {
        for (Refusal refusal : row.refusals()) {
            SortedMap<String, String> settings = new TreeMap<>(row.settings());
            settings.put(refusal.key(), refusal.value());
            assertThatThrownBy(() -> row.open(settings).layout(Split.TRAIN))
                    .as("%s = %s", refusal.key(), refusal.value())
                    .isInstanceOfAny(IllegalArgumentException.class, BadDataException.class)
                    .hasMessageStartingWith(refusal.message());
        }
    }
}
