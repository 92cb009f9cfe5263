package dev.kindling.driver.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.table.ColumnEncoding;
import dev.kindling.job.task.table.ColumnEncoding.Effects;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableManifest;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablePreparerTest {
    private static final Path RESOURCES = Path.of("src/test/resources/dev/kindling/driver/table");

    /** The hash of the pack of conf/growth.csv, which changes with the encoding or the format only. */
    private static final String GOLDEN = "851a1aeef33ea1994d380f6c5ec4b0ab55dbbed66ac2448b59d0f0927b6072fb";

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

    /** The settings of a table with the columns g and y, with some changes. */
    private static final class Settings {
        private String path = "";
        private String sql = "";
        private String format = "";
        private final SortedMap<String, String> options = new TreeMap<>();
        private TableSettings.Target task = TableSettings.Target.AUTO;
        private String group = "g";
        private String label = "y";
        private List<String> features = List.of();
        private List<String> categorical = List.of();
        private String order = "";
        private String weight = "";
        private String offset = "";
        private TableSettings.GroupSplit split = new TableSettings.GroupSplit.Fractions(1, 0, 0);
        private int maxRows = 4096;
        private int maxOneHot = 30;
        private int crossedAbove = 10;
        private boolean embedding;
        private TableSettings.Stack stack = TableSettings.Stack.NONE;

        TableSettings build() {
            return new TableSettings(
                    path,
                    sql,
                    format,
                    options,
                    task,
                    group,
                    label,
                    features,
                    categorical,
                    order,
                    weight,
                    offset,
                    split,
                    1,
                    maxRows,
                    maxOneHot,
                    crossedAbove,
                    embedding,
                    stack,
                    5);
        }
    }

    private Settings csv(String text) {
        Settings settings = new Settings();
        settings.path =
                write("table-" + packs + "-" + text.hashCode() + ".csv", text).toString();
        return settings;
    }

    private Path write(String name, String text) {
        try {
            return Files.writeString(temporary.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A prepared table with its tasks: no support rows in training, so that a task's queries are the whole group. */
    private record Prepared(Path folder, TableManifest manifest, TableEncoding encoding, TaskSource source) {
        /** For each group of a split, its inputs, targets and weights. */
        Map<String, double[]> episodes(Split split) {
            Map<String, double[]> episodes = new TreeMap<>();
            for (int i = 0; i < source.tasks(split).orElse(200); i++) {
                TaskSpec spec = source.sample(new TaskKey(1, split, 0, i));
                episodes.put(source.name(spec).orElseThrow(), episode(spec));
            }
            return episodes;
        }

        private double[] episode(TaskSpec spec) {
            EpisodeLayout layout = source.layout(spec);
            FlatVector episode =
                    FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
            source.materialise(spec, episode, 0);
            return episode.toDoubles();
        }

        /** The rows of a group: features, indices of categories, target and weight. */
        List<List<Double>> rows(Split split, String key) {
            TaskSpec spec = IntStream.range(0, source.tasks(split).orElse(200))
                    .mapToObj(i -> source.sample(new TaskKey(1, split, 0, i)))
                    .filter(each -> source.name(each).orElseThrow().equals(key))
                    .findFirst()
                    .orElseThrow();
            EpisodeLayout layout = source.layout(spec);
            double[] episode = episode(spec);
            int x = layout.arrays().offset(EpisodeLayout.QUERY_X);
            int y = layout.arrays().offset(EpisodeLayout.QUERY_Y);
            int w = layout.arrays().offset(EpisodeLayout.QUERY_WEIGHTS);
            int width = layout.input().size();
            List<List<Double>> rows = new ArrayList<>();
            for (int row = 0; row < source.queries(spec); row++) {
                List<Double> numbers = new ArrayList<>();
                for (int i = 0; i < width; i++) {
                    numbers.add(episode[x + row * width + i]);
                }
                numbers.add(episode[y + row]);
                numbers.add(episode[w + row]);
                rows.add(numbers);
            }
            return rows;
        }
    }

    private Prepared prepare(Settings settings) {
        return prepare(settings, Optional.empty());
    }

    private Prepared prepare(Settings settings, Optional<TableEncoding> fitted) {
        Path folder = temporary.resolve("pack" + packs++);
        TableManifest manifest = preparer.prepare(settings.build(), folder.toString(), fitted);
        EpisodeSizes sizes = new EpisodeSizes(IntRange.of(0), 1000, IntRange.of(0), TableTaskSettings.ALL_ROWS);
        TaskSource source = TaskSources.open(
                TableTaskSettings.prepared(
                        TableTaskSettings.description(GroupDraw.GROUPS, SupportDraw.MOST, sizes), folder.toString()),
                new Configuration());
        try {
            TableEncoding encoding =
                    TableEncodingJson.read(Files.readString(folder.resolve("table.json")), "table.json");
            return new Prepared(folder, manifest, encoding, source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void refused(Settings settings, Class<? extends RuntimeException> type, String message) {
        assertThatThrownBy(() -> prepare(settings)).isInstanceOf(type).hasMessageContaining(message);
    }

    private static Map<String, byte[]> files(Path folder) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.sorted().toList()) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return files;
    }

    private Settings growth() {
        Settings settings = new Settings();
        settings.path =
                Path.of("../conf/growth.csv").toAbsolutePath().normalize().toString();
        settings.group = "child";
        settings.label = "height";
        settings.order = "age";
        settings.categorical = List.of("season");
        settings.split = new TableSettings.GroupSplit.Fractions(0.7, 0.1, 0.2);
        return settings;
    }

    @Test
    void theTableThatShipsWithTheProjectIsThatOfItsProgram() throws IOException {
        assertThat(Files.readString(Path.of("../conf/growth.csv"))).isEqualTo(GrowthTable.csv());
    }

    @Test
    void thePackOfTheTableThatShipsWithTheProjectIsAsItWas() {
        Prepared growth = prepare(growth());
        assertThat(growth.manifest().features())
                .containsExactly(
                        "age",
                        "sex=boy",
                        "sex=girl",
                        "region=coast",
                        "region=hills",
                        "region=lakes",
                        "region=north",
                        "region=valley",
                        "mother_height",
                        "mother_height missing",
                        "birth_weight",
                        "birth_weight missing",
                        "nurse effect",
                        "nurse count",
                        "season=1",
                        "season=2",
                        "season=3",
                        "season=4");
        assertThat(growth.source().dataHash()).isEqualTo(GOLDEN);
    }

    @Test
    void aPackOfVersionOneIsReadByEveryLaterVersion() {
        EpisodeSizes sizes = new EpisodeSizes(IntRange.of(2), 5, IntRange.of(3), TableTaskSettings.ALL_ROWS);
        TaskSource source = TaskSources.open(
                TableTaskSettings.prepared(
                        TableTaskSettings.description(GroupDraw.GROUPS, SupportDraw.MIX, sizes),
                        RESOURCES.resolve("golden-pack").toAbsolutePath().toString()),
                new Configuration());
        assertThat(source.dataHash()).isEqualTo("7b27222d80bbfe8bc24dbdca4532d8f75813d0ae43cc727ae87e0e75c68b15c1");
        assertThat(source.layout(Split.TEST).features().size()).isEqualTo(4);
        assertThat(source.tasks(Split.TEST)).hasValue(16);
        assertThat(source.name(source.sample(new TaskKey(1, Split.TEST, 0, 0))))
                .hasValueSatisfying(name -> assertThat(name).matches("g[0-5][0-9]"));
    }

    @Test
    void orderAndPartitionsOfTheInputChangeNoByteOfThePack() throws IOException {
        Settings whole = growth();
        whole.stack = TableSettings.Stack.GBT;
        Map<String, byte[]> expected = files(prepare(whole).folder());
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of(whole.path)));
        String header = lines.remove(0);
        Collections.shuffle(lines, new java.util.Random(3));
        Path folder = Files.createDirectory(temporary.resolve("parts"));
        for (int part = 0; part < 5; part++) {
            int from = part * lines.size() / 5;
            int to = (part + 1) * lines.size() / 5;
            Files.writeString(
                    folder.resolve("p" + (part * 7) % 5 + ".csv"),
                    header + "\n" + String.join("\n", lines.subList(from, to)) + "\n");
        }
        spark.session()
                .read()
                .option("header", true)
                .option("inferSchema", true)
                .csv(folder.toString())
                .repartition(5)
                .createOrReplaceGlobalTempView("five");
        Settings parts = growth();
        parts.path = folder.toString();
        parts.format = "csv";
        Settings five = growth();
        five.path = "";
        five.sql = "SELECT * FROM global_temp.five";
        Settings one = growth();
        one.path = "";
        one.sql = "SELECT /*+ COALESCE(1) */ * FROM global_temp.five ORDER BY height";
        for (Settings other : List.of(parts, five, one)) {
            other.stack = TableSettings.Stack.GBT;
            Map<String, byte[]> found = files(prepare(other).folder());
            assertThat(found.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, bytes) -> {
                if (!name.equals("pack.json")) {
                    assertThat(found.get(name)).as(name).isEqualTo(bytes);
                }
            });
        }
    }

    @Test
    void splitsShareNoGroupAndTheEncodingSeesTrainingGroupsOnly() throws IOException {
        Settings settings = growth();
        Prepared before = prepare(settings);
        assertThat(before.source().checks(List.of())).allMatch(check -> check.holds());
        Map<String, double[]> training = before.episodes(Split.TRAIN);
        StringBuilder changed = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(settings.path))) {
            String[] cells = line.split(",", -1);
            if (!line.startsWith("child,") && !isTraining(cells[0])) {
                cells[1] = Double.toString(3 * Double.parseDouble(cells[1]));
                cells[3] = "elsewhere";
                cells[6] = "n99";
                cells[8] = "1" + cells[8];
            }
            changed.append(String.join(",", cells)).append('\n');
        }
        Settings other = growth();
        other.path = write("changed.csv", changed.toString()).toString();
        Prepared after = prepare(other);
        assertThat(after.manifest().encodingHash()).isEqualTo(before.manifest().encodingHash());
        assertThat(after.manifest().hash()).isNotEqualTo(before.manifest().hash());
        Map<String, double[]> now = after.episodes(Split.TRAIN);
        assertThat(now.keySet()).isEqualTo(training.keySet());
        training.forEach((key, episode) -> assertThat(now.get(key)).as(key).containsExactly(episode));
    }

    private boolean isTraining(String key) {
        return GroupKeys.split((TableSettings.GroupSplit.Fractions) growth().split, 1, key) == Split.TRAIN;
    }

    @Test
    void missingValuesUnknownCategoriesDatesBooleansAndWeightsAreEncoded() {
        Settings settings = csv("""
                g,y,x,c,b,d,w,s
                a,1,2,red,true,2024-01-01,1,train
                a,2,,blue,false,2024-01-03,2,train
                a,3,4,,true,2024-01-05,1,train
                a,99,99,black,true,2024-01-04,0,train
                t,3,,green,,2024-01-03,1,test
                t,2,30,red,false,,1,test
                """);
        settings.weight = "w";
        settings.order = "d";
        settings.split = new TableSettings.GroupSplit.Named("s");
        Prepared prepared = prepare(settings);
        assertThat(prepared.manifest().features())
                .containsExactly("x", "x missing", "c=blue", "c=red", "c missing", "b=false", "b=true", "d");
        // x has the mean 3 and the standard deviation 1, the label 2 and √(2/3), the date 2024-01-03 and √(8/3).
        double root = StrictMath.sqrt(1.5);
        List<List<Double>> train = prepared.rows(Split.TRAIN, "a");
        assertThat(train).hasSize(3);
        assertRow(train.get(0), -1, 0, 0, 1, 0, 0, 1, -root, -root, 1);
        assertRow(train.get(1), 0, 1, 1, 0, 0, 1, 0, 0, 0, 2);
        assertRow(train.get(2), 1, 0, 0, 0, 1, 0, 1, root, root, 1);
        List<List<Double>> test = prepared.rows(Split.TEST, "t");
        assertRow(test.get(0), 0, 1, 0, 0, 0, 0, 0, 0, root, 1);
        assertRow(test.get(1), 5, 0, 0, 1, 0, 1, 0, 0, 0, 1);
    }

    /** An index for each value of five rows or more, 0 for others, in an order that does not depend on the rows'. */
    @Test
    void rowsOfManyValuedCategoriesCarryTheIndicesOfTheirValues() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            // 10 rows of "often", 15 of "most", 4 of "rare" and 1 of none.
            String item = i < 10 ? "often" : i < 25 ? "most" : i < 29 ? "rare" : "";
            lines.add("g" + i % 6 + "," + i % 7 + "," + item + "," + (i % 2 == 0 ? "u" : "v") + ",train");
        }
        lines.addAll(List.of("t,1,most,u,test", "t,2,never,v,test", "t,3,often,u,test"));
        Settings settings = csv("g,y,item,few,s\n" + String.join("\n", lines) + "\n");
        settings.maxOneHot = 2;
        settings.crossedAbove = 2;
        settings.split = new TableSettings.GroupSplit.Named("s");
        Prepared without = prepare(settings);
        settings.embedding = true;
        Prepared prepared = prepare(settings);
        assertThat(without.manifest().categories()).isEmpty();
        assertThat(prepared.manifest().features())
                .isEqualTo(without.manifest().features())
                .containsExactly("item effect", "item count", "item missing", "few=u", "few=v");
        assertThat(prepared.manifest().categories()).containsExactly(3);
        assertThat(prepared.source().layout(Split.TEST).categories()).containsExactly(3);
        assertThat(prepared.encoding().embedding()).isTrue();

        // most, never and often; the labels are 1, 2 and 3.
        assertThat(prepared.rows(Split.TEST, "t").stream()
                        .sorted(Comparator.comparing(row -> row.get(6)))
                        .map(row -> row.get(5)))
                .containsExactly(1.0, 0.0, 2.0);
        assertThat(prepared.rows(Split.TEST, "t").stream().map(row -> new ArrayList<>(row.subList(0, 5))))
                .isEqualTo(without.rows(Split.TEST, "t").stream()
                        .map(row -> new ArrayList<>(row.subList(0, 5)))
                        .toList());
        // Row 28 is of a rare value, row 29 of none.
        assertThat(prepared.rows(Split.TRAIN, "g4").stream().filter(row -> row.get(5) == 0))
                .hasSize(1);
        assertThat(prepared.rows(Split.TRAIN, "g5").stream().filter(row -> row.get(5) == 0))
                .hasSize(1);

        Collections.shuffle(lines, new java.util.Random(8));
        Settings shuffled = csv("g,y,item,few,s\n" + String.join("\n", lines) + "\n");
        shuffled.maxOneHot = 2;
        shuffled.crossedAbove = 2;
        shuffled.split = settings.split;
        shuffled.embedding = true;
        assertThat(prepare(shuffled).manifest().hash())
                .isEqualTo(prepared.manifest().hash())
                .isNotEqualTo(without.manifest().hash());
    }

    private static void assertRow(List<Double> row, double... expected) {
        assertThat(row).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(row.get(i)).as("number %d of %s", i, row).isCloseTo(expected[i], within(1e-6));
        }
    }

    @Test
    void anOffsetIsSubtractedFromTheLabel() {
        Settings settings = csv("g,y,o,x\na,11,10,1\na,13,10,2\n");
        settings.offset = "o";
        Prepared prepared = prepare(settings);
        assertThat(prepared.encoding().labelMean()).isEqualTo(2);
        assertThat(prepared.manifest().features()).containsExactly("x");
        assertThat(prepared.rows(Split.TRAIN, "a").stream().map(row -> row.get(1)))
                .containsExactlyInAnyOrder(-1.0, 1.0);
    }

    @Test
    void classesAreSortedAndSharedByAllGroups() {
        Settings settings = csv("g,y,x\na,10,1\na,9,2\nb,10,3\nb,2,4\n");
        settings.task = TableSettings.Target.CLASSIFICATION;
        settings.categorical = List.of();
        Prepared prepared = prepare(settings);
        assertThat(prepared.encoding().classes()).containsExactly("2", "9", "10");
        assertThat(prepared.rows(Split.TRAIN, "b").stream().map(row -> row.get(1)))
                .containsExactlyInAnyOrder(2.0, 0.0);
        assertThat(prepared.source().layout(Split.TRAIN).outputs()).isEqualTo(3);
        Settings texts = csv("g,y,x\na,yes,1\na,no,2\n");
        assertThat(prepare(texts).encoding().classes()).containsExactly("no", "yes");
    }

    @Test
    void aGroupWithNotANumberIsReportedByItsKeyAndTheOthersAreNotTouched() {
        String good = "a,1,1\na,2,2\nb,3,1\nb,4,5\n";
        Prepared clean = prepare(csv("g,y,x\n" + good));
        Prepared poisoned = prepare(csv("g,y,x\n" + good + "bad,NaN,1\nbad,1,1\nworse,1,Infinity\n"));
        assertThat(poisoned.manifest().hash()).isEqualTo(clean.manifest().hash());
        assertThat(poisoned.manifest().faults().count()).isEqualTo(2);
        assertThat(poisoned.manifest().faults().first())
                .containsExactly("group bad: y is NaN", "group worse: x is Infinity");
        assertThat(poisoned.source().notes())
                .contains("2 groups are left out: group bad: y is NaN; group worse: x is Infinity");
    }

    @Test
    void rowsWithoutALabelAreLeftOutAndLongGroupsAreShortenedInTheirOrder() {
        Settings settings = csv("g,y,x,t\na,1,1,3\na,,2,1\na,3,3,2\na,4,4,9\n");
        settings.order = "t";
        settings.maxRows = 2;
        Prepared prepared = prepare(settings);
        assertThat(prepared.manifest().unlabelledRows()).isEqualTo(1);
        assertThat(prepared.manifest().shortenedGroups()).isEqualTo(1);
        assertThat(prepared.rows(Split.TRAIN, "a").stream().map(row -> row.get(2)))
                .containsExactly(1.0, -1.0);
    }

    @Test
    void theCrossedEffectsOfManyValuesAreThoseOfNumPy() throws IOException {
        Settings settings = new Settings();
        settings.path = RESOURCES.resolve("crossed.csv").toAbsolutePath().toString();
        Prepared prepared = prepare(settings);
        assertThat(prepared.manifest().features()).containsExactly("item effect", "item count");
        ColumnEncoding encoding = prepared.encoding().encodings().get(0);
        assertThat(encoding).isInstanceOf(Effects.class);
        String json = Files.readString(prepared.folder().resolve("table.json"));
        JsonNode fits = new ObjectMapper().readTree(json).at("/encoding/encodings/0/fits");
        assertThat(fits).hasSize(6);
        List<String> expected = Files.readAllLines(RESOURCES.resolve("crossed-effects.csv"));
        long outOfFold = 0;
        for (int i = 1; i < expected.size(); i++) {
            String[] cells = expected.get(i).split(",", -1);
            assertThat(fits.at("/0/counts/" + (i - 1)).asLong()).isEqualTo(Long.parseLong(cells[1]));
            assertThat(fits.at("/0/effects/0/" + (i - 1)).asDouble())
                    .as(cells[0])
                    .isCloseTo(Double.parseDouble(cells[2]), within(1e-8));
            for (int fold = 1; fold <= 5; fold++) {
                outOfFold += fits.at("/" + fold + "/counts/" + (i - 1)).asLong();
            }
        }
        assertThat(outOfFold).as("each row is in four of five fits").isEqualTo(4 * 390);
    }

    @Test
    void aFitWithoutAFoldIsThatOfTheOtherGroupsAlone() throws IOException {
        Settings all = new Settings();
        all.path = RESOURCES.resolve("crossed.csv").toAbsolutePath().toString();
        Prepared prepared = prepare(all);
        List<String> lines = Files.readAllLines(Path.of(all.path));
        List<String> rest = lines.stream()
                .filter(line -> line.startsWith("g,") || GroupKeys.fold(1, line.substring(0, 3)) != 2)
                .toList();
        Settings without = csv(String.join("\n", rest) + "\n");
        // The label's scale is that of fewer rows, so effects are compared in its own units.
        Prepared other = prepare(without);
        double[] fit = effects(prepared, 3);
        double[] alone = effects(other, 0);
        assertThat(fit).hasSameSizeAs(alone);
        for (int i = 0; i < fit.length; i++) {
            assertThat(fit[i] * prepared.encoding().labelStd())
                    .isCloseTo(alone[i] * other.encoding().labelStd(), within(1e-6));
        }
    }

    private static double[] effects(Prepared prepared, int fit) throws IOException {
        JsonNode effects = new ObjectMapper()
                .readTree(Files.readString(prepared.folder().resolve("table.json")))
                .at("/encoding/encodings/0/fits/" + fit + "/effects/0");
        double[] numbers = new double[effects.size()];
        Arrays.setAll(numbers, i -> effects.get(i).asDouble());
        return numbers;
    }

    @Test
    void otherDataIsEncodedAsTheFirstWas() {
        Prepared first = prepare(csv("g,y,x\na,1,1\na,3,5\n"));
        Prepared other = prepare(csv("g,y,x\nz,3,3\nz,5,7\n"), Optional.of(first.encoding()));
        assertThat(other.manifest().encodingHash()).isEqualTo(first.manifest().encodingHash());
        assertThat(other.rows(Split.TRAIN, "z"))
                .containsExactlyInAnyOrder(List.of(0.0, 1.0, 1.0), List.of(2.0, 3.0, 1.0));
    }

    @Test
    void wrongSettingsAreRefused() {
        String table = "g,y,x\na,1,1\na,2,2\n";
        Settings group = csv(table);
        group.group = "h";
        refused(
                group,
                IllegalArgumentException.class,
                "table.group is h, which is no column of the table; its columns are g, y, x");
        Settings features = csv(table);
        features.features = List.of("x", "z");
        refused(features, IllegalArgumentException.class, "table.features is z, which is no column");
        Settings label = csv(table);
        label.features = List.of("y");
        refused(
                label,
                IllegalArgumentException.class,
                "table.features has y, which is the group, label, weight, offset or split");
        Settings categorical = csv(table);
        categorical.categorical = List.of("g");
        refused(
                categorical,
                IllegalArgumentException.class,
                "table.categorical has g, which is not among the features; they are x");
        Settings text = csv("g,y,x\na,one,1\na,two,2\n");
        text.task = TableSettings.Target.REGRESSION;
        refused(
                text,
                IllegalArgumentException.class,
                "table.task is regression and the label y has the type string; it must be a number");
        Settings format = csv(table);
        format.path = temporary.resolve("table.txt").toString();
        refused(format, IllegalArgumentException.class, "table.format is empty and table.path is ");
        for (String type : List.of("array(1)", "map(1, 2)", "named_struct('a', 1)", "cast('a' AS BINARY)")) {
            Settings unsupported = new Settings();
            unsupported.sql = "SELECT 'a' AS g, 1.0 AS y, " + type + " AS x";
            refused(unsupported, IllegalArgumentException.class, "the column x has the type ");
        }
        Settings only = new Settings();
        only.sql = "SELECT 'a' AS g, 1.0 AS y";
        refused(only, IllegalArgumentException.class, "the table has no column but group and label");
    }

    @Test
    void columnsOfATypeThatTheirUseDoesNotAllowAreRefused() {
        String columns =
                "SELECT 'a' AS g, id AS y, id AS x, DATE'2024-01-01' AS d, true AS b, array(1) AS v, 'w' AS w, "
                        + "CASE WHEN id = 1 THEN 'yes' ELSE 'no' END AS c FROM range(2)";
        Settings label = new Settings();
        label.sql = columns;
        label.label = "d";
        refused(
                label,
                IllegalArgumentException.class,
                "table.label is d, a column of the type date; it must be a number");
        Settings group = new Settings();
        group.sql = columns;
        group.group = "b";
        refused(
                group,
                IllegalArgumentException.class,
                "table.group is b, a column of the type boolean; it must be text");
        Settings order = new Settings();
        order.sql = columns;
        order.order = "v";
        refused(order, IllegalArgumentException.class, "table.order is v, a column of the type array<int>; it must be");
        Settings weight = new Settings();
        weight.sql = columns;
        weight.weight = "w";
        refused(
                weight,
                IllegalArgumentException.class,
                "table.weight is w, a column of the type string; it must be a number");
        Settings offset = new Settings();
        offset.sql = columns;
        offset.label = "c";
        offset.offset = "x";
        refused(
                offset,
                IllegalArgumentException.class,
                "table.offset is x and the label c is a class; it must be empty then (a prediction can be a feature)");
    }

    @Test
    void aFormatWithoutItsJarIsRefusedWithWhatToDo() {
        for (String format : List.of("delta", "iceberg")) {
            Settings settings = csv("g,y,x\na,1,1\na,2,2\n");
            settings.format = format;
            refused(
                    settings,
                    IllegalArgumentException.class,
                    "table.format is " + format
                            + ", which this Spark has no jar for; it must be csv, tsv, parquet, orc, json "
                            + "or a format whose jar is added");
        }
    }

    @Test
    void timestampsAreDaysAndABooleanLabelIsAClass() {
        Settings settings = new Settings();
        settings.sql = "SELECT 'a' AS g, id = 1 AS y, timestamp_seconds(43200 + 86400 * id) AS t, "
                + "TIMESTAMP_NTZ'1970-01-02 00:00:00' + make_dt_interval(cast(2 * id AS INT)) AS n FROM range(3)";
        Prepared prepared = prepare(settings);
        assertThat(prepared.encoding().classes()).containsExactly("false", "true");
        assertThat(prepared.manifest().features()).containsExactly("t", "n");
        ColumnEncoding.Standardised time =
                (ColumnEncoding.Standardised) prepared.encoding().encodings().get(0);
        assertThat(time.mean()).isEqualTo(1.5);
        ColumnEncoding.Standardised local =
                (ColumnEncoding.Standardised) prepared.encoding().encodings().get(1);
        assertThat(local.mean()).isEqualTo(3);
        assertThat(local.std()).isCloseTo(2 * StrictMath.sqrt(2 / 3.0), within(1e-12));
    }

    @Test
    void tablesThatCannotBeLearnedFromAreRefused() {
        refused(
                csv("g,y,x\na,1,1\n,2,2\n,3,3\n"),
                BadDataException.class,
                "table.group is g, which is null in 2 of 3 rows");
        refused(csv("g,y,x\n"), BadDataException.class, "the table has no rows");
        refused(
                csv("g,y,x\na,7,1\na,7,2\n"),
                BadDataException.class,
                "table.label is y, which is 7.0 in all rows of training groups");
        refused(
                csv("g,y,x\na,NaN,1\na,1,2\nb,Infinity,2\n"),
                BadDataException.class,
                "the table has no training group that can be used");
        refused(
                csv("g,y,x\na,yes,1\na,yes,2\n"),
                BadDataException.class,
                "table.label is y, which has one value in all training groups, yes");
        refused(
                csv("g,y,x\na,1,5\na,2,5\n"),
                BadDataException.class,
                "all features are constant in the training groups: x");
        Settings split = csv("g,y,x,s\na,1,1,train\na,2,2,train\nb,1,1,dev\n");
        split.split = new TableSettings.GroupSplit.Named("s");
        refused(
                split,
                BadDataException.class,
                "the group b cannot be used: s is dev; it must be train, validation or test");
        Settings both = csv("g,y,x,s\na,1,1,train\na,2,2,test\n");
        both.split = new TableSettings.GroupSplit.Named("s");
        refused(both, BadDataException.class, "the group a cannot be used: s is both ");
        Settings missing = new Settings();
        missing.path = temporary.resolve("missing.csv").toString();
        refused(missing, BadDataException.class, "table.path is " + missing.path + ", which cannot be read");
        Settings sql = new Settings();
        sql.sql = "SELEC 1";
        refused(sql, BadDataException.class, "table.sql cannot be run");
    }

    @Test
    void everyFormatOfSparkIsReadAndNumbersOfAnyTypeAreNumbers() {
        spark.session()
                .sql("SELECT CAST(id % 3 AS STRING) AS g, CAST(id AS DECIMAL(10, 2)) AS y, CAST(id AS TINYINT) AS a, "
                        + "CAST(id AS FLOAT) AS b, id AS c, CAST(id AS SHORT) AS d FROM range(12)")
                .createOrReplaceGlobalTempView("numbers");
        Settings sql = new Settings();
        sql.sql = "SELECT * FROM global_temp.numbers";
        String expected = prepare(sql).manifest().hash();
        for (String format : List.of("parquet", "orc", "json")) {
            Settings read = new Settings();
            read.path = temporary.resolve("numbers." + format).toString();
            spark.session().table("global_temp.numbers").write().format(format).save(read.path);
            // JSON has one type of numbers.
            read.features = List.of("a", "b", "c", "d");
            assertThat(prepare(read).manifest().hash()).as(format).isEqualTo(expected);
        }
    }
}
