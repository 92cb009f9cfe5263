package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.model.Deeplearning4jZip;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Compares a round of Deeplearning4j's parameter averaging with descent by the gradients of Kindling's programs. */
class ParameterAveragingClusterTest {
    private static final double RATE = 0.05;
    private static final int WORKERS = 2;
    /** Three for one worker and two for the other. */
    private static final int TASKS = 5;

    private final Settings settings = SettingsReader.read(
            JobConfig.load(
                    Path.of("../conf/sinusoid-transfer-dl4j-spark.conf"),
                    List.of("transfer.learning-rate=" + RATE, "backend.precision=double", "task.query=7")),
            new org.apache.hadoop.conf.Configuration());
    private final TaskSource source = TaskSources.open(settings.source(), new org.apache.hadoop.conf.Configuration());
    private final TrainingPlan plan = TrainingPlan.of(settings.plan(), settings.source(), source);
    private final List<TaskSpec> specs = new Sampler(source, 3, Split.TRAIN).round(0, TASKS);

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aRoundIsTheMeanOfWhereItsWorkersDescendTo() {
        FlatVector theta = plan.untrained(5, source);
        SparkConf local =
                new SparkConf().setMaster("local[2]").setAppName("averaging").set("spark.ui.enabled", "false");
        try (JavaSparkContext context = new JavaSparkContext(local);
                Cluster rounds = new LocalCluster(plan.job(), new org.apache.hadoop.conf.Configuration(), 1)) {
            Cluster averaging = new ParameterAveragingCluster(context, rounds, averaged());
            RoundResult result = averaging.run(new RoundRequest(TrainingPlan.TRAIN, specs, OutputMode.SUMS), theta);
            double[] mean = new double[theta.size()];
            for (List<TaskSpec> share : List.of(specs.subList(0, 2), specs.subList(2, TASKS))) {
                double[] end = descended(rounds, theta, share);
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += end[i] / WORKERS;
                }
            }
            double[] found = new double[theta.size()];
            for (int i = 0; i < found.length; i++) {
                found[i] = theta.at(i) - result.sum().sums().at(i) / TASKS;
            }
            assertThat(found).containsExactly(mean, within(1e-9));
            assertThat(Math.abs(mean[0] - theta.at(0))).isGreaterThan(1e-4);
            // What is measured of the tasks is the program's word, at θ.
            RoundResult plain = rounds.run(new RoundRequest(TrainingPlan.TRAIN, specs, OutputMode.SUMS), theta);
            assertThat(result.sum().totals()).isEqualTo(plain.sum().totals());
            // And other programs are none of its business.
            RoundRequest evaluation = new RoundRequest(
                    TrainingPlan.EVALUATE, new Sampler(source, 3, Split.TEST).round(0, 2), OutputMode.PER_TASK);
            assertThat(averaging.run(evaluation, theta).perTaskOutputs())
                    .isEqualTo(rounds.run(evaluation, theta).perTaskOutputs());
        }
    }

    private ParameterAveragingJob averaged() {
        SortedMap<String, double[]> zeros = new TreeMap<>();
        for (Layout.Entry entry : plan.parameters().entries()) {
            zeros.put(entry.name(), new double[entry.shape().size()]);
        }
        byte[] network = Deeplearning4jZip.write(
                settings.plan().model(), source.layout(Split.TRAIN), zeros, plan.precision(), RATE, "");
        return new ParameterAveragingJob(
                TrainingPlan.TRAIN,
                settings.plan().algorithm().averaging().orElseThrow(),
                network,
                plan.parameters(),
                source);
    }

    private static double[] descended(Cluster rounds, FlatVector theta, List<TaskSpec> tasks) {
        FlatVector at = theta.copy();
        for (TaskSpec task : tasks) {
            FlatVector gradient = rounds.run(new RoundRequest(TrainingPlan.TRAIN, List.of(task), OutputMode.SUMS), at)
                    .sum()
                    .sums();
            for (int i = 0; i < at.size(); i++) {
                at.set(i, at.at(i) - RATE * gradient.at(i));
            }
        }
        return at.toDoubles();
    }
}
