package dev.kindling.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.TrainedModel;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.job.error.BadDataException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.feature.SQLTransformer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark ML's estimators and models on two threads of a session. */
class MetaEstimatorsTest {
    private static final int PATIENTS = 60;
    private static final long PATIENCE_SECONDS = 60;

    private static SparkApplication spark;
    private static SparkSession session;
    private static Dataset<Row> train;
    private static Dataset<Row> test;
    private static MetaRegressionModel trained;

    @BeforeAll
    static void trainOnce() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
        session = spark.session();
        session.conf().set("spark.sql.shuffle.partitions", "3");
        train = MadeVisits.table(session, 0, PATIENTS).cache();
        test = MadeVisits.table(session, PATIENTS, 20).cache();
        trained = regressor().fit(train);
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    private static MetaRegressor regressor() {
        return new MetaRegressor()
                .setGroupCol("patient")
                .setFeaturesCols(MadeVisits.FEATURES)
                .setLabelCol("score")
                .setOrderCol("day")
                .setMaxRounds(4)
                .setMembers(2)
                .setTasksPerRound(8)
                .setSettings(new String[] {"evaluation.support=2", "table.stack=none"});
    }

    private static List<Row> sorted(Dataset<Row> rows, String... columns) {
        Column[] selected = Arrays.stream(columns).map(functions::col).toArray(Column[]::new);
        return rows.orderBy("patient", "day").select(selected).collectAsList();
    }

    private static List<Row> predictions(Dataset<Row> rows) {
        return sorted(rows, "patient", "day", "prediction", "stddev");
    }

    @Test
    void predictionsAreThoseOfTheModelItselfWhetherLabelsAreMissingOrASupportColumnHidesThem(@TempDir Path folder)
            throws Exception {
        List<Row> found = predictions(trained.transform(MadeVisits.withoutQueryLabels(test)));
        MetaRegressionModel named = trained.copy(ParamMap.empty()).setSupportCol("isSupport");
        String place = folder.resolve("model").toString();
        trained.write().save(place);
        List<Row> own = predictions(TrainedModel.load(place + "/kindling")
                .tablePredictor()
                .predict(MadeVisits.withoutQueryLabels(test))
                .rows());
        assertThat(found).isEqualTo(own);
        assertThat(predictions(named.transform(MadeVisits.withSupport(test)))).isEqualTo(own);
        assertThat(found).filteredOn(row -> row.getInt(1) >= 3).noneMatch(row -> row.isNullAt(2) || row.isNullAt(3));
        assertThat(found).filteredOn(row -> row.getInt(1) < 3).allMatch(row -> row.isNullAt(2) && row.isNullAt(3));
    }

    @Test
    void theColumnsOfTheTableAreKeptAndTheSchemaIsKnownBeforeAnythingIsRead() {
        Dataset<Row> given =
                MadeVisits.withoutQueryLabels(test).withColumn("tags", functions.array(functions.lit("a")));
        StructType expected =
                given.schema().add("prediction", DataTypes.DoubleType, true).add("stddev", DataTypes.DoubleType, true);
        assertThat(trained.transformSchema(given.schema())).isEqualTo(expected);
        assertThat(regressor().transformSchema(given.schema())).isEqualTo(expected);
        assertThat(trained.transform(given).schema().simpleString()).isEqualTo(expected.simpleString());
        assertThat(sorted(trained.transform(given).drop("prediction", "stddev"), given.columns()))
                .isEqualTo(sorted(given, given.columns()));
    }

    @Test
    void aPipelineIsFittedSavedReadAndPredictsTheSame(@TempDir Path folder) throws Exception {
        PipelineStage assembler =
                new VectorAssembler().setInputCols(new String[] {"age", "dose"}).setOutputCol("features");
        MetaRegressor estimator = regressor().setFeaturesCols(new String[0]).setFeaturesCol("features");
        Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {assembler, estimator});
        String place = folder.resolve("pipeline").toString();
        pipeline.write().save(place);
        PipelineModel model = Pipeline.load(place).fit(train);
        Dataset<Row> rows = MadeVisits.withoutQueryLabels(test);
        List<Row> expected = predictions(model.transform(rows));
        assertThat(expected).anyMatch(row -> !row.isNullAt(2));
        String models = folder.resolve("models").toString();
        model.write().save(models);
        model.write().overwrite().save(models);
        assertThat(predictions(PipelineModel.load(models).transform(rows))).isEqualTo(expected);
        assertThat(model.transform(rows).columns()).contains("features").doesNotContain("features[0]");
    }

    @Test
    void anEstimatorThatWasSavedHasItsParametersAndTrainsTheSameModel(@TempDir Path folder) throws Exception {
        String place = folder.resolve("estimator").toString();
        regressor().write().save(place);
        MetaRegressor read = MetaRegressor.load(place);
        assertThat(read.getOrDefault(read.featuresCols())).isEqualTo(MadeVisits.FEATURES);
        MetaRegressionModel again = read.fit(train.repartition(5));
        Dataset<Row> rows = MadeVisits.withoutQueryLabels(test);
        assertThat(predictions(again.transform(rows))).isEqualTo(predictions(trained.transform(rows)));
        again.write().save(folder.resolve("model").toString());
        MetaRegressionModel loaded =
                MetaRegressionModel.load(folder.resolve("model").toString());
        assertThat(loaded.uid()).isEqualTo(read.uid());
        assertThat(loaded.summary().collectAsList()).isEqualTo(again.summary().collectAsList());
        assertThat(again.summary().select("metric").distinct().collectAsList())
                .extracting(row -> row.getString(0))
                .contains("query_loss", "gradient_norm", "validation_loss");
    }

    @Test
    void parametersAdaptedByAModelPredictWhatTransformPredictsAndAreUpdatedByFurtherRows() {
        Dataset<Row> known = test.filter("day < 3");
        Dataset<Row> rest = test.filter("day >= 3").drop("score");
        Dataset<Row> adapted = trained.adapt(known).cache();
        assertThat(adapted.columns())
                .containsExactly(
                        "patient", "adaptedParameters", "adaptedModel", "supportRows", "lossBefore", "lossAfter");
        assertThat(adapted.schema().simpleString())
                .isEqualTo(output("adapted").transformSchema(known.schema()).simpleString());
        assertThat(adapted.count()).isEqualTo(20);
        assertThat(adapted.filter("supportRows = 3 AND lossAfter < lossBefore").count())
                .isGreaterThan(15);
        List<Row> expected = predictions(
                trained.transform(MadeVisits.withoutQueryLabels(test)).filter("day >= 3"));
        assertThat(predictions(trained.predict(adapted, rest))).isEqualTo(expected);

        Dataset<Row> first = trained.adapt(test.filter("day < 2"));
        Dataset<Row> updated = trained.adapt(first.unionByName(test.filter("day = 2"), true));
        assertThat(predictions(trained.predict(updated, rest))).isEqualTo(expected);
    }

    @Test
    void transformReturnsEveryTableByTheParameterOutput() {
        Dataset<Row> known = test.filter("day < 3");
        Dataset<Row> rest = test.filter("day >= 3");
        Dataset<Row> adapted = output("adapted").transform(known);
        assertThat(adapted.columns()).isEqualTo(trained.adapt(known).columns());
        MetaRegressionModel serving = output("predictionsFromAdapted");
        Dataset<Row> both = adapted.unionByName(rest, true);
        assertThat(predictions(serving.transform(both)))
                .isEqualTo(predictions(trained.predict(trained.adapt(known), rest)));
        assertThat(serving.transformSchema(both.schema()).simpleString())
                .isEqualTo(serving.transform(both).schema().simpleString());
        assertThat(output("summary").transform(test).collectAsList())
                .isEqualTo(trained.summary().collectAsList());
        assertThat(output("metrics").transform(test).schema())
                .isEqualTo(output("metrics").transformSchema(test.schema()));
        assertThatThrownBy(() -> output("weights")).isInstanceOf(IllegalArgumentException.class);
    }

    private static MetaRegressionModel output(String value) {
        MetaRegressionModel model = trained.copy(ParamMap.empty());
        model.set(model.output(), value);
        return model;
    }

    @Test
    void anEvaluationHasTheErrorOfThePredictionsAndThoseOfBaselines(@TempDir Path folder) throws Exception {
        trained.write().save(folder.resolve("model").toString());
        MetaRegressionModel loaded =
                MetaRegressionModel.load(folder.resolve("model").toString());
        Dataset<Row> metrics = loaded.evaluate(test).cache();
        assertThat(metrics.select("predictor").distinct().collectAsList())
                .extracting(row -> row.getString(0))
                .containsExactlyInAnyOrder("model", "mean", "own ridge", "mixed model");
        int most = metrics.agg(functions.max("supportRows")).first().getInt(0);
        double error = new RegressionEvaluator()
                .setLabelCol("score")
                .setMetricName("rmse")
                .evaluate(trained.copy(ParamMap.empty())
                        .setSupportCol("isSupport")
                        .transform(test.withColumn(
                                "isSupport", functions.col("day").lt(most)))
                        .filter("prediction IS NOT NULL"));
        Row found = metrics.filter("predictor = 'model' AND measure = 'rmse' AND supportRows = " + most)
                .first();
        assertThat(found.<Double>getAs("value")).isCloseTo(error, within(1e-4));
        assertThat(found.<Integer>getAs("groups")).isEqualTo(20);
    }

    @Test
    void aClassifierAddsWhatSparkMlsClassifiersAdd(@TempDir Path folder) throws Exception {
        MetaClassifier estimator = new MetaClassifier()
                .setGroupCol("patient")
                .setFeaturesCols(MadeVisits.FEATURES)
                .setLabelCol("level")
                .setMaxRounds(3)
                .setMembers(1)
                .setTasksPerRound(8)
                .setSettings(new String[] {"evaluation.support=2", "table.stack=none"});
        Column level = functions
                .when(functions.col("score").gt(16), 2.0)
                .when(functions.col("score").gt(14), 1.0)
                .otherwise(0.0);
        Dataset<Row> levels = train.withColumn("level", level);
        MetaClassificationModel model = estimator.fit(levels);
        model.write().save(folder.resolve("classes").toString());
        MetaClassificationModel loaded = MetaClassificationModel.load(
                        folder.resolve("classes").toString())
                .setSupportCol("isSupport");
        // Labels of another type of numbers are the same classes.
        Dataset<Row> given = MadeVisits.withSupport(test.withColumn("level", level.cast("int")));
        Dataset<Row> predicted = loaded.transform(given);
        assertThat(predicted.schema().simpleString())
                .isEqualTo(loaded.transformSchema(given.schema()).simpleString());
        assertThat(predicted.schema().apply("level").dataType()).isEqualTo(DataTypes.IntegerType);
        assertThat(loaded.labels()).containsExactly("0.0", "1.0", "2.0");
        for (Row row : predicted.filter("NOT isSupport").collectAsList()) {
            Vector probability = row.getAs("probability");
            Vector raw = row.getAs("rawPrediction");
            assertThat(Arrays.stream(probability.toArray()).sum()).isCloseTo(1, within(1e-9));
            assertThat(row.<Double>getAs("prediction"))
                    .isEqualTo(probability.argmax())
                    .isEqualTo(raw.argmax());
        }
        assertThat(predicted
                        .filter("isSupport AND probability IS NULL AND prediction IS NULL")
                        .count())
                .isEqualTo(60);
        double accuracy = new MulticlassClassificationEvaluator()
                .setLabelCol("level")
                .setMetricName("accuracy")
                .evaluate(predicted.filter("NOT isSupport"));
        assertThat(accuracy).isGreaterThan(0.5);
        // A label that is NaN is none.
        Dataset<Row> withNaN = given.withColumn(
                "level",
                functions
                        .when(functions.col("isSupport"), functions.col("level").cast("double"))
                        .otherwise(Double.NaN));
        assertThat(sorted(loaded.copy(ParamMap.empty()).setSupportCol("").transform(withNaN), "prediction"))
                .isEqualTo(sorted(predicted, "prediction"));
        MetaClassificationModel again =
                estimator.fit(levels.union(levels.withColumn("level", functions.lit(Double.NaN))));
        assertThat(again.labels()).isEqualTo(loaded.labels());
        // Text as labels: predictions are text.
        MetaClassificationModel texts = estimator
                .copy(ParamMap.empty())
                .setLabelCol("word")
                .fit(levels.withColumn("word", functions.concat(functions.lit("l"), functions.col("level")))
                        .drop("level"));
        Dataset<Row> words = texts.transform(MadeVisits.withoutQueryLabels(test)
                .withColumn("word", functions.lit(null).cast("string")));
        assertThat(words.schema().apply("prediction").dataType()).isEqualTo(DataTypes.StringType);
        assertThat(words.filter("prediction LIKE 'l%'").count()).isEqualTo(test.count());
    }

    @Test
    void aCrossValidatorTakesFoldsOfWholeGroups() {
        Dataset<Row> folded = MadeVisits.withSupport(new GroupedFolds()
                .setGroupCol("patient")
                .setNumFolds(2)
                .setSeed(3)
                .transform(train));
        assertThat(folded.groupBy("patient")
                        .agg(functions.countDistinct("fold").alias("folds"))
                        .filter("folds > 1")
                        .count())
                .isZero();
        assertThat(folded.select("fold").distinct().count()).isEqualTo(2);
        MetaRegressor estimator = regressor().setMembers(1).setMaxRounds(2).setSupportCol("isSupport");
        Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {
            estimator, new SQLTransformer().setStatement("SELECT * FROM __THIS__ WHERE prediction IS NOT NULL")
        });
        ParamMap[] grid = new ParamGridBuilder()
                .addGrid(estimator.tasksPerRound(), new int[] {4, 8})
                .build();
        CrossValidatorModel model = new CrossValidator()
                .setEstimator(pipeline)
                .setEvaluator(new RegressionEvaluator().setLabelCol("score"))
                .setEstimatorParamMaps(grid)
                .setNumFolds(2)
                .setFoldCol("fold")
                .fit(folded);
        assertThat(model.avgMetrics()).hasSize(2);
        assertThat(Arrays.stream(model.avgMetrics())).allMatch(error -> error > 0 && error < 5);
    }

    @Test
    void microBatchesOfAStreamAreTransformedByForeachBatch(@TempDir Path folder) throws Exception {
        String source = folder.resolve("rows").toString();
        MadeVisits.withoutQueryLabels(test).coalesce(1).write().parquet(source);
        Dataset<Row> stream = session.readStream().schema(test.schema()).parquet(source);
        assertThatThrownBy(() -> trained.transform(stream))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("foreachBatch");
        List<Row> collected = new ArrayList<>();
        stream.writeStream()
                .foreachBatch((Dataset<Row> batch, Long number) -> {
                    collected.addAll(predictions(trained.transform(batch)));
                })
                .option("checkpointLocation", folder.resolve("checkpoint").toString())
                .trigger(org.apache.spark.sql.streaming.Trigger.AvailableNow())
                .start()
                .awaitTermination();
        assertThat(collected).isEqualTo(predictions(trained.transform(MadeVisits.withoutQueryLabels(test))));
    }

    private static final List<CountDownLatch> STARTED = new ArrayList<>();

    /** Fails unless two Spark tasks run at the same time. */
    private static void assertBothSlotsAreFree() throws Exception {
        CountDownLatch started = new CountDownLatch(2);
        STARTED.add(started);
        int number = STARTED.size() - 1;
        CompletableFuture<List<Boolean>> both =
                CompletableFuture.supplyAsync(() -> JavaSparkContext.fromSparkContext(session.sparkContext())
                        .parallelize(List.of(0, 1), 2)
                        .map(i -> {
                            STARTED.get(number).countDown();
                            return STARTED.get(number).await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                        })
                        .collect());
        assertThat(both.get(2 * PATIENCE_SECONDS, TimeUnit.SECONDS)).containsExactly(true, true);
    }

    @Test
    void theSlotsAreFreeAfterATrainingAFailureAndInterruptions() throws Exception {
        assertBothSlotsAreFree();
        MetaRegressor diverging = regressor().setMaxRounds(50).setSettings(new String[] {
            "evaluation.support=2", "table.stack=none", "optimizer.learning-rate=1e30", "optimizer.clip-norm=0"
        });
        assertThatThrownBy(() -> diverging.fit(train)).isInstanceOf(RuntimeException.class);
        assertBothSlotsAreFree();
        assertStopsWhenInterrupted(regressor().setMaxRounds(1_000_000), train, thread -> {
            while (thread.isAlive() && !isTraining(thread)) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
        // While the table is prepared, by Spark tasks that end only when their job is cancelled.
        CountDownLatch reached = new CountDownLatch(1);
        SLEEPING.set(reached);
        Dataset<Row> slow = train.withColumn(
                "dose",
                functions
                        .udf((UDF1<Double, Double>) MetaEstimatorsTest::sleep, DataTypes.DoubleType)
                        .apply(functions.col("dose")));
        assertStopsWhenInterrupted(regressor(), slow, thread -> reached.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
        assertThat(session.catalog().listTables("global_temp").count()).isZero();
    }

    private static final AtomicReference<CountDownLatch> SLEEPING = new AtomicReference<>();

    private static Double sleep(Double value) throws InterruptedException {
        SLEEPING.get().countDown();
        while (!TaskContext.get().isInterrupted()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return value;
    }

    /** Waits for the moment in which a thread is to be interrupted. */
    @FunctionalInterface
    private interface Moment {
        void await(Thread thread) throws InterruptedException;
    }

    private static void assertStopsWhenInterrupted(MetaRegressor estimator, Dataset<Row> table, Moment moment)
            throws Exception {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                estimator.fit(table);
                failure.complete(new AssertionError("it ended"));
            } catch (RuntimeException e) {
                failure.complete(e);
            }
        });
        thread.start();
        moment.await(thread);
        thread.interrupt();
        assertThat(failure.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isInstanceOf(StoppedEarlyException.class);
        assertBothSlotsAreFree();
    }

    private static boolean isTraining(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("step")
                        && frame.getClassName().endsWith("TrainingLoop"));
    }

    @Test
    void wrongColumnsAndParametersHaveOneMessageEach() {
        assertRefused(
                () -> regressor()
                        .setFeaturesCols(new String[] {"age", "weight"})
                        .fit(train),
                "featuresCols has weight, which is no column of the table; its columns are patient, day, age, dose, ward, score");
        assertRefused(() -> new MetaRegressor().fit(train), "labelCol has label, which is no column of the table");
        assertRefused(
                () -> new MetaRegressor().setLabelCol("score").fit(train),
                "groupCol is not set; it must be the name of a column");
        assertRefused(
                () -> regressor().setGroupCol("dose").fit(train),
                "groupCol has dose, a column of the type double; it must be text, an integer, a decimal or a date");
        assertRefused(
                () -> new GroupedFolds().setGroupCol("dose").transform(train),
                "groupCol has dose, a column of the type double; it must be text, an integer, a decimal or a date");
        assertRefused(
                () -> regressor().setLabelCol("ward").fit(train),
                "labelCol has ward, a column of the type string; it must be a number");
        assertRefused(
                () -> regressor().setFeaturesCols(new String[0]).fit(train),
                "featuresCols and featuresCol are not set; one of them must be");
        assertRefused(
                () -> regressor().setFeaturesCol("age").fit(train),
                "featuresCols and featuresCol are set; one of them must be");
        assertRefused(
                () -> regressor()
                        .setFeaturesCols(new String[0])
                        .setFeaturesCol("age")
                        .fit(train),
                "featuresCol has age, a column of the type double; it must be vectors");
        assertRefused(() -> regressor().setMaxRounds(-1), "maxRounds is -1; it must be at least 0");
        assertRefused(() -> regressor().setMembers(0), "members is 0; it must be at least 1");
        assertRefused(
                () -> regressor().setSettings(new String[] {"run.rounds"}),
                "settings is [run.rounds]; each must be key=value");
        assertRefused(
                () -> regressor().setSettings(new String[] {"run.rounds=3"}).fit(train),
                "settings has run.rounds, which is that of maxRounds; it must not be among settings");
        for (String setting : new String[] {"table={group=x}", "table.group=x", "\"table\".\"group\"=x"}) {
            assertRefused(
                    () -> regressor().setSettings(new String[] {setting}).fit(train),
                    "settings has table.group, which is that of groupCol; it must not be among settings");
        }
        assertRefused(
                () -> regressor().setSettings(new String[] {"table=x"}).fit(train),
                "settings has table, which has keys of parameters in it; it must not be among settings but by its other keys");
        assertRefused(
                () -> regressor()
                        .setSettings(new String[] {"table.options.header=false"})
                        .fit(train),
                "settings has table.options.header, which is that of the Dataset; it must not be among settings");
        assertRefused(
                () -> regressor()
                        .setMembers(1)
                        .setValidationIndicatorCol("held")
                        .setSettings(new String[] {"table.split=[0.8, 0.2, 0]"})
                        .fit(train.withColumn("held", functions.lit(false))),
                "settings has table.split and validationIndicatorCol is set, which divides the groups; one of them must be left out");
        assertRefused(() -> regressor().setMethod("mamal").fit(train), "algorithm.name is mamal");
        assertRefused(
                () -> regressor().setValidationIndicatorCol("score").fit(train),
                "validationIndicatorCol has score, a column of the type double; it must be booleans");
        assertRefused(
                () -> trained.transform(test.withColumn("prediction", functions.lit(1))),
                "predictionCol is prediction, which is a column of the table already; it must be another name");
        assertRefused(
                () -> trained.transform(test.drop("dose")), "featuresCols has dose, which is no column of the table");
        assertThatThrownBy(() -> new MetaRegressionModel().transform(test))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is not trained");
        assertThatThrownBy(() -> regressor()
                        .fit(train.withColumn("score", functions.lit(null).cast("double"))))
                .isInstanceOf(BadDataException.class)
                .message()
                .contains("none has a row with a finite score")
                .hasLineCount(1);
    }

    @Test
    void aSupportRowWithoutALabelIsRefusedByItsGroup() {
        MetaRegressionModel named = trained.copy(ParamMap.empty()).setSupportCol("isSupport");
        Dataset<Row> rows = MadeVisits.withSupport(test)
                .withColumn(
                        "score",
                        functions.when(functions.expr("NOT (patient = 'p61' AND day = 0)"), functions.col("score")));
        String message =
                "supportCol is isSupport, which is true in a row of the group p61 without a score; support rows must have one";
        assertThatThrownBy(() -> named.transform(rows).collectAsList()).hasStackTraceContaining(message);
        assertThatThrownBy(() -> named.adapt(rows).collectAsList()).hasStackTraceContaining(message);
        assertThatThrownBy(() -> named.transform(rows.drop("score")).collectAsList())
                .hasStackTraceContaining("without a score; support rows must have one");
        // Those to be predicted need none, and parameters that were adapted are not adapted again.
        Dataset<Row> complete = MadeVisits.withSupport(test);
        Dataset<Row> asked =
                complete.withColumn("score", functions.when(functions.col("isSupport"), functions.col("score")));
        assertThat(predictions(named.transform(asked))).isEqualTo(predictions(named.transform(complete)));
        assertThat(named.predict(named.adapt(complete), rows)
                        .filter("prediction IS NULL")
                        .count())
                .isZero();
    }

    @Test
    void anOffsetIsImprovedAndAddedToPredictions() {
        Column offset = functions.col("dose").multiply(100).plus(functions.col("age"));
        MetaRegressor estimator = regressor().setOffsetCol("expected");
        MetaRegressionModel model = estimator.fit(shifted(train, offset));
        Dataset<Row> given = shifted(MadeVisits.withoutQueryLabels(test), offset);
        List<Double> found =
                sorted(
                                model.transform(given)
                                        .withColumn(
                                                "less",
                                                functions.col("prediction").minus(offset)),
                                "less")
                        .stream()
                        .map(row -> row.isNullAt(0) ? null : row.getDouble(0))
                        .toList();
        List<Row> plain = predictions(trained.transform(MadeVisits.withoutQueryLabels(test)));
        for (int i = 0; i < plain.size(); i++) {
            if (plain.get(i).isNullAt(2)) {
                assertThat(found.get(i)).isNull();
            } else {
                assertThat(found.get(i)).isCloseTo(plain.get(i).getDouble(2), within(1e-3));
            }
        }
        String errors = "measure = 'rmse'";
        List<Row> measured =
                model.evaluate(shifted(test, offset)).filter(errors).collectAsList();
        List<Row> expected = trained.evaluate(test).filter(errors).collectAsList();
        assertThat(measured).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(measured.get(i).<Double>getAs("value"))
                    .as(expected.get(i).toString())
                    .isCloseTo(expected.get(i).<Double>getAs("value"), within(1e-3));
        }
        assertRefused(() -> model.transform(test), "offsetCol has expected, which is no column of the table");
    }

    /** A table with offsets, by which its labels are greater. */
    private static Dataset<Row> shifted(Dataset<Row> table, Column offset) {
        return table.withColumn("expected", offset)
                .withColumn("score", functions.col("score").plus(offset));
    }

    @Test
    void weightsChangeTheModelAndARowOfWeightZeroIsLeftOut() {
        MetaRegressor estimator = regressor().setWeightCol("w");
        Dataset<Row> asked = weighted(MadeVisits.withoutQueryLabels(test), functions.lit(1.0));
        List<Row> equal =
                predictions(estimator.fit(weighted(train, functions.lit(1.0))).transform(asked));
        assertThat(equal).isEqualTo(predictions(trained.transform(MadeVisits.withoutQueryLabels(test))));

        Dataset<Row> wrong = train.withColumn("score", functions.lit(1e6));
        MetaRegressionModel model =
                estimator.fit(weighted(train, functions.lit(1.0)).union(weighted(wrong, functions.lit(0.0))));
        assertThat(predictions(model.transform(asked))).isEqualTo(equal);
        Dataset<Row> more = asked.union(weighted(
                MadeVisits.withoutQueryLabels(test)
                        .filter("day < 3")
                        .withColumn("score", functions.lit(1e6))
                        .withColumn("day", functions.lit(-1)),
                functions.lit(0.0)));
        Dataset<Row> predicted = model.transform(more);
        assertThat(predictions(predicted.filter("day >= 0"))).isEqualTo(equal);
        assertThat(predicted.filter("day < 0 AND prediction IS NOT NULL").count())
                .isZero();
        assertThat(model.evaluate(more).collectAsList())
                .isEqualTo(model.evaluate(asked).collectAsList());

        MetaRegressionModel other =
                estimator.fit(weighted(train, functions.col("day").plus(1)));
        assertThat(predictions(other.transform(asked))).isNotEqualTo(equal);
        // Weights of support rows change their group's predictions.
        assertThat(predictions(model.transform(weighted(
                        MadeVisits.withoutQueryLabels(test),
                        functions.col("day").plus(1)))))
                .isNotEqualTo(equal);
    }

    private static Dataset<Row> weighted(Dataset<Row> table, Column weight) {
        return table.withColumn("w", weight.cast("double"));
    }

    @Test
    void validationGroupsChooseTheRoundAndAreNotLearnedFrom() {
        MetaRegressor estimator = regressor().setMembers(1).setMaxRounds(3).setValidationIndicatorCol("held");
        Dataset<Row> marked = train.withColumn("held", functions.expr("cast(substr(patient, 2) AS int) % 5 = 0"));
        Dataset<Row> other = marked.withColumn(
                "score",
                functions
                        .when(functions.col("held"), functions.col("score").multiply(2))
                        .otherwise(functions.col("score")));
        Dataset<Row> first = estimator.fit(marked).summary();
        Dataset<Row> second = estimator.fit(other).summary();
        assertThat(metric(second, "query_loss")).hasSize(3).isEqualTo(metric(first, "query_loss"));
        assertThat(metric(first, "validation_loss")).isNotEmpty();
        assertThat(metric(second, "validation_loss")).isNotEqualTo(metric(first, "validation_loss"));
        assertRefused(
                () -> regressor().setValidationIndicatorCol("held").fit(marked),
                "members is 2 and validationIndicatorCol is set; members must be 1 then");
    }

    private static List<Row> metric(Dataset<Row> summary, String name) {
        return summary.filter(functions.col("metric").equalTo(name))
                .orderBy("round")
                .collectAsList();
    }

    @Test
    void numbersMayBeCategories() {
        String number = "IF(ward = 'east', 3, 7) AS ward";
        String[] columns = {"patient", "day", "age", "dose", number, "score"};
        MetaRegressionModel model =
                regressor().setCategoricalCols(new String[] {"ward"}).fit(train.selectExpr(columns));
        Dataset<Row> rows = MadeVisits.withoutQueryLabels(test);
        assertThat(predictions(model.transform(rows.selectExpr(columns))))
                .isEqualTo(predictions(trained.transform(rows)));
        assertRefused(
                () -> regressor().setCategoricalCols(new String[] {"day"}).fit(train),
                "categoricalCols has day, which is not among featuresCols; it must be one of [age, dose, ward]");
    }

    @Test
    void groupsMayBeDecimals() {
        Dataset<Row> decimal =
                train.withColumn("patient", functions.expr("cast(substr(patient, 2) AS decimal(6, 1)) / 2"));
        Dataset<Row> folded = new GroupedFolds().setGroupCol("patient").transform(decimal);
        assertThat(folded.groupBy("patient")
                        .agg(functions.countDistinct("fold").alias("folds"))
                        .filter("folds = 1")
                        .count())
                .isEqualTo(PATIENTS);
        MetaRegressionModel model = regressor().setMembers(1).setMaxRounds(1).fit(decimal);
        assertThat(model.adapt(decimal).count()).isEqualTo(PATIENTS);
    }

    @Test
    void aSecondVersionOnTheClassPathIsRefused(@TempDir Path folder) throws Exception {
        Path other = folder.resolve("dev/kindling/driver/checkpoint/build.properties");
        Files.createDirectories(other.getParent());
        Files.writeString(other, "version=0.0.1\ncommit=none\n");
        ClassLoader given = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader both = new URLClassLoader(new URL[] {folder.toUri().toURL()}, given)) {
            Thread.currentThread().setContextClassLoader(both);
            assertThatThrownBy(() -> regressor().fit(train))
                    .isInstanceOf(IllegalStateException.class)
                    .message()
                    .startsWith("Kindling is on the class path in several versions: ")
                    .contains(folder.toString())
                    .hasLineCount(1);
        } finally {
            Thread.currentThread().setContextClassLoader(given);
        }
    }

    private static void assertRefused(Runnable action, String message) {
        assertThatThrownBy(action::run)
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .startsWith(message)
                .hasLineCount(1);
    }

    @Test
    void vectorsOfSeveralSizesAreRefused() {
        StructType schema = new StructType()
                .add("patient", DataTypes.StringType)
                .add("score", DataTypes.DoubleType)
                .add("v", org.apache.spark.ml.linalg.SQLDataTypes.VectorType());
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            Vector vector = i == 77 ? Vectors.dense(1, 2, 3) : Vectors.dense(i % 5, i % 7);
            rows.add(RowFactory.create("p" + i % 50, (double) (i % 11), vector));
        }
        Dataset<Row> ragged = session.createDataFrame(rows, schema);
        MetaRegressor estimator = new MetaRegressor()
                .setGroupCol("patient")
                .setFeaturesCol("v")
                .setLabelCol("score")
                .setMembers(1)
                .setMaxRounds(1)
                .setSettings(new String[] {"evaluation.support=1", "table.stack=none"});
        assertRefused(
                () -> estimator.fit(ragged),
                "featuresCol is v, which has vectors of 2 and of 3 elements; all must have the same size");
        List<Row> equal =
                rows.stream().filter(row -> row.<Vector>getAs(2).size() == 2).toList();
        MetaRegressionModel model = estimator.fit(session.createDataFrame(equal, schema));
        assertThatThrownBy(() -> model.transform(ragged.drop("score")).collectAsList())
                .hasStackTraceContaining("featuresCol is v, which has a vector of 3 elements; all must have 2");
    }
}
