package dev.kindling.driver.bench;

import dev.kindling.driver.cluster.spark.SparkApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Writes the tables of {@code deploy/bench tables}: groups of ten rows with eight features, a label that is linear in them with
 * coefficients of the group's own, and noise. Every value is a function of the row's number. The rows of {@code known} all have
 * a label, in {@code new} the first five of each group.
 */
public final class GroupTable {
    private static final int ROWS = 10;
    private static final int LABELLED = 5;
    private static final int FEATURES = 8;

    private GroupTable() {}

    /** Writes the tables into a folder; the arguments are the folder and the number of groups. */
    public static void main(String... args) {
        String folder = args[0];
        long groups = Long.parseLong(args[1]);
        try (SparkApplication application = SparkApplication.start("kindling bench tables", Optional.of("local[*]"))) {
            Dataset<Row> known = known(application.session(), groups);
            known.write().parquet(folder + "/known.parquet");
            // Shuffled, as rows arrive in practice.
            known.withColumn("y", functions.when(functions.col("t").lt(LABELLED), functions.col("y")))
                    .repartition(functions.hash(functions.col("t"), functions.col("x0")))
                    .write()
                    .parquet(folder + "/new.parquet");
        }
        System.exit(0);
    }

    private static Dataset<Row> known(SparkSession session, long groups) {
        Column group = functions.expr("id div " + ROWS);
        List<Column> columns = new ArrayList<>(List.of(
                functions.format_string("g%07d", group).alias("g"),
                functions.expr("cast(id % " + ROWS + " as int) t")));
        Column label = uniform(group, 100);
        for (int i = 0; i < FEATURES; i++) {
            Column x = uniform(functions.col("id"), i);
            columns.add(x.alias("x" + i));
            label = label.plus(uniform(group, 100 + i + 1).plus(i % 3 - 1).multiply(x));
        }
        columns.add(label.plus(uniform(functions.col("id"), 50).multiply(0.3)).alias("y"));
        return session.range(groups * ROWS).select(columns.toArray(new Column[0]));
    }

    /** A number between -1.7 and 1.7 with variance 1. */
    private static Column uniform(Column number, int use) {
        return functions
                .xxhash64(number, functions.lit(use))
                .divide(Math.pow(2, 63))
                .multiply(Math.sqrt(3));
    }
}
