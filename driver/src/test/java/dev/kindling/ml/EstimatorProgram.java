package dev.kindling.ml;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A user's program: fits a pipeline with a {@link MetaRegressor} to a table of children's heights, saves and loads it, and predicts. In
 * the output folder are then {@code model} and {@code predictions.txt}.
 */
public final class EstimatorProgram {
    private EstimatorProgram() {}

    /**
     * Runs the program.
     *
     * @param arguments the table, and the output folder
     */
    public static void main(String[] arguments) throws IOException {
        try (SparkSession session = SparkSession.builder()
                .master("local[2]")
                .appName("estimator")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate()) {
            run(session, arguments[0], Path.of(arguments[1]));
        }
    }

    private static void run(SparkSession session, String table, Path out) throws IOException {
        Dataset<Row> heights = session.read()
                .option("header", true)
                .option("inferSchema", true)
                .csv(table)
                .selectExpr("*", "CAST(substr(child, 2) AS int) % 5 = 0 AS isTest", "age < 6 AS isSupport");
        MetaRegressor estimator = new MetaRegressor()
                .setGroupCol("child")
                .setFeaturesCols(new String[] {"age", "sex"})
                .setLabelCol("height")
                .setOrderCol("age")
                .setSupportCol("isSupport")
                .setMaxRounds(2)
                .setMembers(2)
                .setTasksPerRound(8)
                .setSettings(new String[] {"evaluation.support=1", "table.stack=none"});
        PipelineModel model =
                new Pipeline().setStages(new PipelineStage[] {estimator}).fit(heights.filter("NOT isTest"));
        String place = out.resolve("model").toString();
        model.write().save(place);
        List<String> lines = PipelineModel.load(place)
                .transform(heights.filter("isTest"))
                .selectExpr("concat_ws(' ', child, age, prediction, stddev) AS line")
                .orderBy("line")
                .collectAsList()
                .stream()
                .map(row -> row.getString(0))
                .toList();
        Files.write(out.resolve("predictions.txt"), lines);
    }
}
