package dev.kindling.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.spark.TwoExecutors;
import java.io.File;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Spark ML's estimators and models on executors in JVMs of their own. */
@Tag("executors")
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MetaEstimatorsOnExecutorsTest {
    private static MetaRegressor regressor() {
        return new MetaRegressor()
                .setGroupCol("patient")
                .setFeaturesCols(MadeVisits.FEATURES)
                .setLabelCol("score")
                .setOrderCol("day")
                .setMaxRounds(3)
                .setMembers(2)
                .setTasksPerRound(8)
                .setSettings(new String[] {"evaluation.support=2", "table.stack=none"});
    }

    private static List<Row> fitAndPredict(SparkSession session) {
        MetaRegressionModel model = regressor().fit(MadeVisits.table(session, 0, 50));
        Dataset<Row> test = MadeVisits.table(session, 50, 10);
        return model.transform(MadeVisits.withoutQueryLabels(test))
                .select("patient", "day", "prediction", "stddev")
                .orderBy("patient", "day")
                .collectAsList();
    }

    @Test
    void twoExecutorsGiveTheBitsOfOneJvmAndAreFreeAfterwards() {
        List<Row> expected;
        try (SparkSession local = SparkSession.builder()
                .master("local[1]")
                .appName("test")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            expected = fitAndPredict(local);
        }
        try (TwoExecutors executors = new TwoExecutors()) {
            SparkSession session = SparkSession.builder().getOrCreate();
            assertThat(fitAndPredict(session)).isEqualTo(expected);
            assertThat(session.sparkContext().statusTracker().getActiveJobIds()).isEmpty();
            assertThat(executors.workedLately()).hasSize(2);
        }
    }

    @Test
    void executorsWithoutTheVectorModuleAreRefusedWithOneMessageThatNamesTheOption() {
        new File(System.getenv("SPARK_HOME"), "jars").mkdirs();
        try (SparkSession session = SparkSession.builder()
                .master("local-cluster[1,1,1024]")
                .appName("test")
                .config("spark.ui.enabled", "false")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .getOrCreate()) {
            assertThatThrownBy(() -> fitAndPredict(session))
                    .message()
                    .contains("--add-modules=jdk.incubator.vector")
                    .hasLineCount(1);
        }
    }
}
