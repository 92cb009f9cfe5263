package dev.kindling.ml;

import dev.kindling.job.random.RandomStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A made-up table of patients' visits: a score depends on the age, the ward, and an intercept and a slope of each patient. */
final class MadeVisits {
    static final String[] FEATURES = {"age", "dose", "ward"};

    private static final StructType SCHEMA = new StructType()
            .add("patient", DataTypes.StringType)
            .add("day", DataTypes.IntegerType)
            .add("age", DataTypes.DoubleType)
            .add("dose", DataTypes.DoubleType)
            .add("ward", DataTypes.StringType)
            .add("score", DataTypes.DoubleType);

    private MadeVisits() {}

    /** The visits of some patients, whose numbers begin at {@code from}. */
    static Dataset<Row> table(SparkSession spark, int from, int patients) {
        List<Row> rows = new ArrayList<>();
        for (int patient = from; patient < from + patients; patient++) {
            RandomStream random = RandomStream.of(7, patient);
            double intercept = random.nextNormal();
            double slope = random.nextNormal();
            double age = 20 + 60 * random.nextDouble();
            int visits = 6 + patient % 4;
            for (int day = 0; day < visits; day++) {
                double dose = random.nextNormal();
                String ward = day % 3 == 0 ? "east" : "west";
                double score = 10 + 0.1 * age + (day % 3) + 2 * intercept + slope * dose + 0.3 * random.nextNormal();
                rows.add(RowFactory.create("p" + patient, day, age, dose, ward, score));
            }
        }
        return spark.createDataFrame(rows, SCHEMA).repartition(3);
    }

    /** The table with a column {@code isSupport} that is true for the first three visits of each patient. */
    static Dataset<Row> withSupport(Dataset<Row> table) {
        return table.withColumn("isSupport", functions.col("day").lt(3));
    }

    /** The table with the labels of the support rows only. */
    static Dataset<Row> withoutQueryLabels(Dataset<Row> table) {
        return table.withColumn("score", functions.when(functions.col("day").lt(3), functions.col("score")));
    }
}
