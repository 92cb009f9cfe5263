package dev.kindling.driver.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.serving.GroupBatch;
import dev.kindling.driver.serving.GroupPredictor;
import dev.kindling.driver.serving.Prediction;
import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.table.ColumnEncoding;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.math.BigDecimal;
import java.sql.Date;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableTransformTest {
    private static final int MOST_SUPPORT = 50;
    private static final int STEPS = 2;
    private static final double MEAN = 3;
    private static final double STD = 2;

    private static final List<ColumnEncoding> ENCODINGS = List.of(
            new ColumnEncoding.Standardised(0, "x", 0.5, 2, true),
            new ColumnEncoding.OneHot(1, "c", List.of("a", "b"), false));

    /** The columns: id, g, t, x, c, w, o, y and one that the model does not know. */
    private static final StructType SCHEMA = new StructType()
            .add("id", DataTypes.IntegerType)
            .add("g", DataTypes.StringType)
            .add("t", DataTypes.IntegerType)
            .add("x", DataTypes.DoubleType)
            .add("c", DataTypes.StringType)
            .add("w", DataTypes.DoubleType)
            .add("o", DataTypes.DoubleType)
            .add("y", DataTypes.DoubleType)
            .add("tags", DataTypes.createArrayType(DataTypes.StringType));

    private static SparkApplication spark;
    private static TableModel regression;

    @BeforeAll
    static void startSpark() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
        regression = model("bayesian-linear", List.of());
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    /** A row of the table. */
    private record Line(
            int id,
            @Nullable String group,
            int time,
            @Nullable Double x,
            String category,
            double weight,
            double offset,
            @Nullable Double label) {
        Row row() {
            return RowFactory.create(
                    id, group, time, x, category, weight, offset, label, new String[] {"tag" + id, category});
        }

        Line withLabel(@Nullable Double other) {
            return new Line(id, group, time, x, category, weight, offset, other);
        }

        Line withX(@Nullable Double other) {
            return new Line(id, group, time, other, category, weight, offset, label);
        }

        Line withWeight(double other) {
            return new Line(id, group, time, x, category, other, offset, label);
        }

        Line withCategory(String other) {
            return new Line(id, group, time, x, other, weight, offset, label);
        }
    }

    private static TableEncoding encoding(List<String> classes) {
        TableColumns columns = new TableColumns(
                "g",
                "y",
                !classes.isEmpty(),
                List.of(
                        new TableColumns.Input("x", TableColumns.Kind.NUMBER),
                        new TableColumns.Input("c", TableColumns.Kind.CATEGORY)),
                "w",
                classes.isEmpty() ? "o" : "",
                true);
        return new TableEncoding(
                columns, ENCODINGS, classes, classes.isEmpty() ? MEAN : 0, classes.isEmpty() ? STD : 1, 5, 1);
    }

    /** A model with parameters near their initial values. */
    private static TableModel model(String method, List<String> classes) {
        Map<String, Object> keys = new HashMap<>(Map.of(
                "algorithm.name",
                method,
                "model.network",
                "mlp-12-12-tanh",
                "bayesian-linear.features",
                6,
                "algorithm.inner-learning-rate",
                0.05));
        PlanSettings settings = SettingsReader.read(JobConfig.reference().withChecked(keys), new Configuration())
                .plan();
        TableEncoding encoding = encoding(classes);
        EpisodeLayout template = new EpisodeLayout(
                        Shape.of(encoding.features().size()), classes.size(), Math.max(1, classes.size()), 1, 1)
                .withWeights();
        Algorithm algorithm = settings.algorithm();
        Model model = ModelFactory.of(settings.model(), template);
        FlatVector theta = FlatVector.zeros(
                settings.backend().options().precision(),
                algorithm.parameters(model).size());
        algorithm.initialise(model, 3, theta);
        RandomStream stream = RandomStream.of(9);
        for (int i = 0; i < theta.size(); i++) {
            theta.set(i, theta.at(i) + stream.nextDouble(-0.2, 0.2));
        }
        return new TableModel(
                PredictionPrograms.of(settings, theta, template, STEPS, MOST_SUPPORT), encoding, "t", MOST_SUPPORT);
    }

    /** One model for all tests: its programs take a second. */
    private static TableModel regression() {
        return regression;
    }

    /** Groups of several sizes: some without labels, some without rows to predict. */
    private static List<Line> lines(int groups) {
        RandomStream stream = RandomStream.of(5);
        List<Line> lines = new ArrayList<>();
        for (int group = 0; group < groups; group++) {
            int support = group % 5;
            int queries = group % 7 == 3 ? 0 : 1 + group % 4;
            add(lines, stream, String.format("g%03d", group), support, queries);
        }
        return lines;
    }

    private static void add(List<Line> lines, RandomStream stream, String key, int support, int queries) {
        for (int row = 0; row < support + queries; row++) {
            lines.add(new Line(
                    lines.size(),
                    key,
                    row,
                    stream.nextInt(10) == 0 ? null : stream.nextNormal(),
                    List.of("a", "b", "z").get(stream.nextInt(3)),
                    stream.nextDouble(0.5, 2),
                    stream.nextNormal(),
                    row < support ? stream.nextNormal() : null));
        }
    }

    private static Dataset<Row> table(List<Line> lines) {
        return spark.session().createDataFrame(lines.stream().map(Line::row).toList(), SCHEMA);
    }

    private static Map<Integer, Row> byId(Dataset<Row> rows) {
        Map<Integer, Row> byId = new TreeMap<>();
        rows.collectAsList().forEach(row -> {
            assertThat(byId.put(row.getAs("id"), row)).isNull();
        });
        return byId;
    }

    private static Map<Integer, Row> predicted(TableModel model, List<Line> lines) {
        return byId(new TableTransform(model, "").apply(table(lines)).rows());
    }

    private static @Nullable Double prediction(Row row) {
        return row.getAs(PredictionColumns.DEFAULT.prediction());
    }

    /** The predictions and standard deviations of each row without a label, computed group by group without Spark. */
    private static Map<Integer, double[]> expected(TableModel model, List<Line> lines) {
        TableEncoding.Encoder encoder = model.encoding().encoder();
        Map<String, List<Line>> groups = new TreeMap<>();
        lines.forEach(line -> groups.computeIfAbsent(String.valueOf(line.group()), key -> new ArrayList<>())
                .add(line));
        Map<Integer, double[]> expected = new HashMap<>();
        GroupPredictor predictor = model.programs().open();
        groups.values().forEach(group -> {
            GroupBatch batch = new GroupBatch(model.encoding().features().size());
            batch.begin();
            List<Line> queries = new ArrayList<>();
            for (Line line : group) {
                var raw = model.encoding().columns().newGroup();
                raw.add(line.label() == null ? 0 : line.label(), null, line.weight(), line.offset());
                raw.number(0, line.x() == null ? Double.NaN : line.x());
                raw.text(1, line.category());
                if (line.label() == null) {
                    var unused = batch.addQuery(encoder.row(raw, 0, 0));
                    queries.add(line);
                } else {
                    batch.addSupport(encoder.row(raw, 0, 0), encoder.target(raw, 0), (float) line.weight());
                }
            }
            Prediction found = predictor.predict(batch);
            for (int i = 0; i < queries.size(); i++) {
                expected.put(queries.get(i).id(), new double[] {
                    found.outputs()[i] * STD + MEAN + queries.get(i).offset(),
                    STD * Math.sqrt(found.variances().orElseThrow()[i])
                });
            }
        });
        return expected;
    }

    @Test
    void rowsAreKeptWithTheirColumnsAndThoseWithoutALabelArePredicted() {
        List<Line> lines = lines(40);
        TableModel model = regression();
        TableTransform.Transformed transformed = new TableTransform(model, "").apply(table(lines));
        assertThat(transformed.rows().schema().fieldNames())
                .containsExactly("id", "g", "t", "x", "c", "w", "o", "y", "tags", "prediction", "stddev");
        Map<Integer, Row> rows = byId(transformed.rows());
        Map<Integer, double[]> expected = expected(model, lines);
        assertThat(rows).hasSameSizeAs(lines);
        for (Line line : lines) {
            Row row = rows.get(line.id());
            assertThat(IntStream.range(0, 8).mapToObj(row::get).toList())
                    .isEqualTo(IntStream.range(0, 8).mapToObj(line.row()::get).toList());
            assertThat(row.getList(8)).isEqualTo(List.of("tag" + line.id(), line.category()));
            if (line.label() == null) {
                assertThat(prediction(row)).isEqualTo(expected.get(line.id())[0]);
                assertThat(row.<Double>getAs("stddev")).isEqualTo(expected.get(line.id())[1]);
            } else {
                assertThat(row.get(9)).isNull();
                assertThat(row.get(10)).isNull();
            }
        }
        PredictionCounts counts = transformed.report().value();
        assertThat(counts.groups()).isEqualTo(39);
        assertThat(counts.groupsWithoutSupport()).isEqualTo(7);
        assertThat(counts.predictedRows()).isEqualTo(expected.size());
        assertThat(counts.supportRows()).isEqualTo(lines.size() - expected.size());
        assertThat(counts.faultyGroups()).isZero();
    }

    /** One group is larger than several batches. */
    @ParameterizedTest
    @ValueSource(strings = {"bayesian-linear", "maml"})
    void partitionsAndOrderOfTheInputChangeNoBit(String method) {
        List<Line> lines = new ArrayList<>(lines(60));
        // In one partition the first batch of 4096 rows ends after two queries of a chunk of the large group.
        long before = lines.stream()
                .filter(line -> String.valueOf(line.group()).compareTo("g002b") < 0)
                .count();
        add(lines, RandomStream.of(7), "a", 0, (int) ((4096 - 5 - 2 - before) % 128));
        add(lines, RandomStream.of(8), "g002b", 5, 10_001);
        boolean classes = method.equals("maml");
        if (classes) {
            lines.replaceAll(line -> line.label() == null ? line : line.withLabel((double) (line.id() % 3)));
        }
        DataType labelType = classes ? DataTypes.IntegerType : DataTypes.DoubleType;
        TableModel model = model(method, classes ? List.of("0", "1", "2") : List.of());
        Map<Integer, Row> first = byId(new TableTransform(model, "")
                .apply(table(lines).withColumn("y", functions.col("y").cast(labelType)))
                .rows());
        Collections.reverse(lines);
        Dataset<Row> reversed = table(lines).withColumn("y", functions.col("y").cast(labelType));
        List<Function<Dataset<Row>, Dataset<Row>>> others = List.of(
                table -> table.repartition(7),
                table -> table.coalesce(1).sort("x"),
                table -> table.filter("g = 'g002b'").union(table.filter("g <> 'g002b'")));
        for (String adaptive : List.of("true", "false")) {
            spark.session().conf().set("spark.sql.adaptive.enabled", adaptive);
            spark.session().conf().set("spark.sql.shuffle.partitions", adaptive.equals("true") ? 200 : 3);
            for (Function<Dataset<Row>, Dataset<Row>> other : others) {
                Map<Integer, Row> rows = byId(new TableTransform(model, "")
                        .apply(other.apply(reversed))
                        .rows());
                assertThat(rows).isEqualTo(first);
            }
        }
        spark.session().conf().unset("spark.sql.adaptive.enabled");
        spark.session().conf().unset("spark.sql.shuffle.partitions");
        if (!classes) {
            Collections.reverse(lines);
            expected(model, lines)
                    .forEach((id, values) ->
                            assertThat(prediction(first.get(id))).isEqualTo(values[0]));
        }
    }

    @Test
    void nothingIsReadBeforeAResultIsRequested() {
        LongAccumulator read = spark.session().sparkContext().longAccumulator();
        var counted = functions.udf(
                (Integer id) -> {
                    read.add(1);
                    return id;
                },
                DataTypes.IntegerType);
        Dataset<Row> table = table(lines(10)).withColumn("id", counted.apply(functions.col("id")));
        Dataset<Row> rows =
                new TableTransform(regression(), "").apply(table).rows().filter("prediction > 0");
        assertThat(read.value()).isZero();
        assertThat(rows.count()).isPositive();
        assertThat(read.value()).isPositive();
    }

    @Test
    void aSupportColumnDecidesAndHiddenLabelsHaveNoEffect() {
        List<Line> lines = lines(40);
        Map<Integer, Row> plain = predicted(regression(), lines);
        List<Line> labelled = lines.stream()
                .map(line -> line.label() == null ? line.withLabel(1e6 * line.id()) : line)
                .toList();
        List<Integer> support = lines.stream()
                .filter(line -> line.label() != null)
                .map(Line::id)
                .toList();
        Dataset<Row> table =
                table(labelled).withColumn("seen", functions.col("id").isin(support.toArray()));
        Map<Integer, Row> rows =
                byId(new TableTransform(regression(), "seen").apply(table).rows());
        rows.forEach((id, row) -> {
            assertThat(prediction(row)).isEqualTo(prediction(plain.get(id)));
            assertThat(row.<Double>getAs("y")).isEqualTo(labelled.get(id).label());
        });
        // Where the column is null the label decides, as without it.
        Dataset<Row> empty = table(lines).withColumn("seen", functions.lit(null).cast(DataTypes.BooleanType));
        byId(new TableTransform(regression(), "seen").apply(empty).rows())
                .forEach((id, row) -> assertThat(prediction(row)).isEqualTo(prediction(plain.get(id))));
        // A support row must have a label.
        Dataset<Row> all = table(lines).withColumn("seen", functions.lit(true));
        TableTransform.Transformed unlabelled = new TableTransform(regression(), "seen").apply(all);
        assertThat(byId(unlabelled.rows()).values()).allMatch(row -> prediction(row) == null);
        assertThat(unlabelled.report().value().faults()).first().isEqualTo("group g000: y is NaN");
    }

    @Test
    void aGroupThatCannotBeUsedIsReportedByItsKeyAndTheOthersAreNotTouched() {
        List<Line> lines = lines(40);
        Map<Integer, Row> plain = predicted(regression(), lines);
        List<Line> poisoned = new ArrayList<>(lines);
        // Of g011, g012, g013 and g014 a support row each; of g008 the first query.
        List<String> keys = List.of("g011", "g012", "g013", "g014");
        poisoned.replaceAll(line -> line.time() > 0
                ? line
                : switch (String.valueOf(line.group())) {
                    case "g011" -> line.withX(Double.POSITIVE_INFINITY);
                    case "g012" -> line.withLabel(Double.NaN);
                    case "g013" -> line.withWeight(-1);
                    case "g014" -> line.withWeight(Double.NaN);
                    default -> line;
                });
        poisoned.replaceAll(line -> "g008".equals(line.group()) && line.time() == 3
                ? line.withX(Double.NEGATIVE_INFINITY).withWeight(0)
                : line);
        Line keyless = new Line(lines.size(), null, 0, 1.0, "a", 1, 0, null);
        poisoned.add(keyless);
        TableTransform.Transformed transformed = new TableTransform(regression(), "").apply(table(poisoned));
        Map<Integer, Row> rows = byId(transformed.rows());
        for (Line line : lines) {
            boolean isLost = keys.contains(line.group()) || ("g008".equals(line.group()) && line.time() == 3);
            assertThat(prediction(rows.get(line.id())))
                    .as(line.toString())
                    .isEqualTo(isLost ? null : prediction(plain.get(line.id())));
        }
        assertThat(prediction(rows.get(keyless.id()))).isNull();
        PredictionCounts counts = transformed.report().value();
        assertThat(counts.faultyGroups()).isEqualTo(6);
        assertThat(counts.faults())
                .containsExactly(
                        "group g008: x is -Infinity",
                        "group g011: x is Infinity",
                        "group g012: y is NaN",
                        "group g013: w is -1.0",
                        "group g014: w is NaN",
                        "group null: g is missing");
        long lost = lines.stream()
                .filter(line -> keys.contains(line.group()) && line.label() == null)
                .count();
        assertThat(counts.failedRows()).isEqualTo(lost + 2);
        // The Dataset may be evaluated again, its counts are those of one evaluation.
        assertThat(transformed.rows().count()).isEqualTo(poisoned.size());
        assertThat(transformed.report().value().faultyGroups()).isEqualTo(6);
    }

    @Test
    void aSupportRowOfWeightZeroIsNotUsed() {
        List<Line> lines = lines(40);
        Map<Integer, Row> plain = predicted(regression(), lines);
        List<Line> more = new ArrayList<>(lines);
        for (Line line : lines) {
            if (line.label() != null) {
                more.add(new Line(
                        more.size(), line.group(), line.time(), Double.POSITIVE_INFINITY, "z", 0, Double.NaN, 1e6));
            }
        }
        TableTransform.Transformed transformed = new TableTransform(regression(), "").apply(table(more));
        Map<Integer, Row> rows = byId(transformed.rows());
        lines.forEach(line -> assertThat(prediction(rows.get(line.id()))).isEqualTo(prediction(plain.get(line.id()))));
        assertThat(rows).hasSameSizeAs(more);
        PredictionCounts counts = transformed.report().value();
        assertThat(counts.faults()).isEmpty();
        assertThat(counts.supportRows()).isEqualTo(more.size() - lines.size());
    }

    @Test
    void ofMoreSupportRowsThanTheModelUsesTheFirstInOrderAreUsed() {
        List<Line> lines = new ArrayList<>();
        add(lines, RandomStream.of(1), "g", MOST_SUPPORT + 30, 2);
        List<Line> first = lines.stream()
                .filter(line -> line.time() < MOST_SUPPORT || line.label() == null)
                .toList();
        Map<Integer, Row> expected = predicted(regression(), first);
        Collections.reverse(lines);
        TableTransform.Transformed transformed = new TableTransform(regression(), "").apply(table(lines));
        Map<Integer, Row> rows = byId(transformed.rows());
        expected.forEach((id, row) -> assertThat(prediction(rows.get(id))).isEqualTo(prediction(row)));
        assertThat(rows).hasSameSizeAs(lines);
        assertThat(transformed.report().value().shortenedGroups()).isEqualTo(1);
        assertThat(transformed.report().value().supportRows()).isEqualTo(MOST_SUPPORT);
    }

    @Test
    void unknownCategoriesAreAllTheSame() {
        List<Line> lines = lines(20);
        Map<Integer, Row> plain = predicted(regression(), lines);
        predicted(
                        regression(),
                        lines.stream()
                                .map(line -> line.category().equals("z") ? line.withCategory("unknown") : line)
                                .toList())
                .forEach((id, row) -> assertThat(prediction(row)).isEqualTo(prediction(plain.get(id))));
    }

    @Test
    void keysAndInputsMayHaveOtherTypes() {
        List<Line> lines = lines(20);
        Map<Integer, Row> plain = predicted(regression(), lines);
        Dataset<Row> table = table(lines);
        var number = functions.expr("cast(substr(g, 2) as int)");
        Map<String, org.apache.spark.sql.Column> keys = Map.of(
                "long", number.cast(DataTypes.LongType),
                "decimal", number.cast(DataTypes.createDecimalType(12, 3)),
                "timestamp",
                        functions
                                .date_add(functions.lit(Date.valueOf("2024-01-01")), number)
                                .cast(DataTypes.TimestampType));
        keys.forEach((name, key) -> byId(new TableTransform(regression(), "")
                        .apply(table.withColumn("g", key))
                        .rows())
                .forEach((id, row) -> assertThat(prediction(row)).as(name).isEqualTo(prediction(plain.get(id)))));
        for (DataType type : List.of(
                DataTypes.FloatType, DataTypes.IntegerType, DataTypes.createDecimalType(10, 2), DataTypes.StringType)) {
            Dataset<Row> rounded =
                    table.withColumn("x", functions.round(functions.col("x").multiply(10)));
            Map<Integer, Row> doubles =
                    byId(new TableTransform(regression(), "").apply(rounded).rows());
            byId(new TableTransform(regression(), "")
                            .apply(rounded.withColumn("x", functions.col("x").cast(type)))
                            .rows())
                    .forEach((id, row) ->
                            assertThat(prediction(row)).as(type.sql()).isEqualTo(prediction(doubles.get(id))));
        }
    }

    @Test
    void textThatIsNoNumberIsAFaultAndAColumnWithoutLabelsIsPredicted() {
        List<Line> lines = lines(20).stream().map(line -> line.withLabel(null)).toList();
        Map<Integer, Row> plain = predicted(regression(), lines);
        Map<Integer, Row> without = byId(new TableTransform(regression(), "")
                .apply(table(lines).drop("y"))
                .rows());
        without.forEach((id, row) -> assertThat(prediction(row)).isEqualTo(prediction(plain.get(id))));
        Dataset<Row> text = table(lines)
                .withColumn("y", functions.lit(""))
                .withColumn("x", functions.expr("if(id = 0, 'abc', cast(x as string))"));
        TableTransform.Transformed transformed = new TableTransform(regression(), "").apply(text);
        byId(transformed.rows())
                .forEach(
                        (id, row) -> assertThat(prediction(row)).isEqualTo(id == 0 ? null : prediction(plain.get(id))));
        assertThat(transformed.report().value().faults()).containsExactly("group g000: x is Infinity");
    }

    @ParameterizedTest
    @ValueSource(strings = {"proto-net", "logistic-head", "maml", "bayesian-linear"})
    void classesAreNamedInTheLabelsTypeWithTheirProbabilities(String method) {
        List<String> names = method.equals("bayesian-linear") ? List.of("3", "7") : List.of("3", "7", "11");
        TableModel model = model(method, names);
        RandomStream stream = RandomStream.of(3);
        List<Line> lines = lines(30).stream()
                .map(line -> line.label() == null
                        ? line
                        : line.withLabel(Double.valueOf(names.get(stream.nextInt(names.size())))))
                .toList();
        Dataset<Row> table = table(lines).withColumn("y", functions.col("y").cast(DataTypes.IntegerType));
        Dataset<Row> rows = new TableTransform(model, "").apply(table).rows();
        assertThat(rows.schema().apply("prediction").dataType()).isEqualTo(DataTypes.IntegerType);
        byId(rows).values().forEach(row -> {
            if (row.isNullAt(row.fieldIndex("y"))) {
                double[] probabilities = names.stream()
                        .mapToDouble(name -> row.<Double>getAs("probability_" + name))
                        .toArray();
                assertThat(Arrays.stream(probabilities).sum()).isCloseTo(1, within(1e-9));
                double most = Arrays.stream(probabilities).max().orElseThrow();
                assertThat(row.<Double>getAs("probability_" + row.<Integer>getAs("prediction")))
                        .isEqualTo(most);
            } else {
                assertThat(row.<Integer>getAs("prediction")).isNull();
            }
        });
        List<Line> unknown = lines.stream()
                .map(line -> "g011".equals(line.group()) && line.time() == 0 ? line.withLabel(5.0) : line)
                .toList();
        TableTransform.Transformed faulty = new TableTransform(model, "")
                .apply(table(unknown).withColumn("y", functions.col("y").cast(DataTypes.IntegerType)));
        assertThat(faulty.rows().count()).isEqualTo(lines.size());
        assertThat(faulty.report().value().faults()).containsExactly("group g011: y is 5, which no training group has");
    }

    @Test
    void aTableThatLacksColumnsOrHasWrongTypesIsRefused() {
        Dataset<Row> table = table(lines(3));
        TableTransform transform = new TableTransform(regression(), "");
        refused(
                transform,
                table.drop("x", "w"),
                BadDataException.class,
                "the table has no column x, w, which the model needs");
        refused(transform, table.drop("t"), BadDataException.class, "the table has no column t");
        refused(
                new TableTransform(regression(), "seen"),
                table,
                BadDataException.class,
                "the table has no column seen");
        refused(
                new TableTransform(regression(), "x"),
                table,
                BadDataException.class,
                "the column x has the type double; it must be a boolean");
        refused(
                transform,
                table.withColumn("x", functions.col("tags")),
                BadDataException.class,
                "the column x has the type array<string>; it must be a number");
        refused(
                transform,
                table.withColumn("g", functions.lit(true)),
                BadDataException.class,
                "the column g has the type boolean; it must be text, a number or a date");
        refused(
                transform,
                table.withColumn("Prediction", functions.lit(BigDecimal.ONE)),
                IllegalArgumentException.class,
                "the table has a column prediction, which is the name of a column of the predictions");
        refused(transform, table.select("*", "x"), BadDataException.class, "the table has two columns x");
    }

    private static void refused(
            TableTransform transform, Dataset<Row> table, Class<? extends Exception> type, String message) {
        assertThatThrownBy(() -> transform.apply(table)).isInstanceOf(type).hasMessageContaining(message);
    }
}
