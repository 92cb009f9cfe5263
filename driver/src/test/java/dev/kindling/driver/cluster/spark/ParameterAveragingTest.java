package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * A round of Reptile with plain descent and ε = 1 is what Deeplearning4j's parameter averaging on Spark makes of the same
 * mini-batches, a worker for each task: θ minus the mean of the deltas is the mean of the adapted parameters.
 */
class ParameterAveragingTest {
    private static final int TASKS = 2;
    private static final int STEPS = 3;
    private static final int BATCH = 4;
    private static final double RATE = 0.05;
    private static final EpisodeLayout LAYOUT = new EpisodeLayout(Shape.of(1), 0, 1, STEPS * BATCH, 1);
    private static final Model MODEL = ModelFactory.of(ModelSettings.preset("mlp-40-tanh"), LAYOUT);

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void deeplearning4jOnSparkAveragesToTheSameWeights() {
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, MODEL.parameters().size());
        MODEL.initialise(3, theta);
        List<FlatVector> episodes = List.of(episode(1), episode(2));
        double[] expected = averaged(theta, episodes);
        double[] found = interpolated(theta, episodes);
        assertThat(found).hasSize(121).containsExactly(expected, within(1e-5));
        // Far more than the tolerance was moved.
        assertThat(Math.abs(found[0] - theta.at(0))).isGreaterThan(1e-3);
    }

    private static FlatVector episode(long key) {
        RandomStream stream = RandomStream.of(key);
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, LAYOUT.arrays().size());
        for (int i = 0; i < episode.size(); i++) {
            episode.set(i, stream.nextNormal());
        }
        return episode;
    }

    /** θ after a round of Reptile, by the vector backend. */
    private static double[] interpolated(FlatVector theta, List<FlatVector> episodes) {
        JobConfig job = JobConfig.load(
                Path.of("../conf/sinusoid-reptile.conf"),
                List.of(
                        "algorithm.inner-learning-rate=" + RATE,
                        "algorithm.inner-steps=" + STEPS,
                        "reptile.batch=" + BATCH,
                        "reptile.step=1"));
        Algorithm reptile = SettingsReader.read(job, new org.apache.hadoop.conf.Configuration())
                .plan()
                .algorithm();
        Program program = reptile.train(MODEL, LAYOUT);
        Workspace workspace = Backends.named("vector")
                .compile(program, new CompileOptions(Precision.DOUBLE, 1 << 24))
                .workspace();
        workspace.setBroadcastInputs(theta);
        FlatVector deltas = FlatVector.zeros(Precision.DOUBLE, theta.size());
        workspace.run(
                TASKS,
                (task, target, offset) -> target.copyFrom(
                        episodes.get(task), 0, offset, episodes.get(task).size()),
                deltas,
                new double[TASKS * program.perTask().size()]);
        double[] next = theta.toDoubles();
        for (int i = 0; i < next.length; i++) {
            next[i] -= deltas.at(i) / TASKS;
        }
        return next;
    }

    /** The weights that Deeplearning4j averages, a partition and so a worker for each task. */
    private static double[] averaged(FlatVector theta, List<FlatVector> episodes) {
        List<DataSet> batches = new ArrayList<>();
        episodes.forEach(episode -> {
            for (int step = 0; step < STEPS; step++) {
                batches.add(new DataSet(
                        rows(episode, EpisodeLayout.SUPPORT_X, step), rows(episode, EpisodeLayout.SUPPORT_Y, step)));
            }
        });
        SparkConf settings = new SparkConf()
                .setMaster("local[" + TASKS + "]")
                .setAppName("averaging")
                .set("spark.ui.enabled", "false");
        try (JavaSparkContext spark = new JavaSparkContext(settings)) {
            ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(TASKS, BATCH)
                    .batchSizePerWorker(BATCH)
                    .averagingFrequency(STEPS)
                    .workerPrefetchNumBatches(0)
                    .repartionData(Repartition.Never)
                    .rddTrainingApproach(RDDTrainingApproach.Direct)
                    .build();
            MultiLayerNetwork network = new MultiLayerNetwork(configuration());
            // Both matrices have an extent of 1, so the order of their elements is ours.
            network.init(Nd4j.create(theta.toDoubles(), new long[] {1, theta.size()}), true);
            SparkDl4jMultiLayer averaging = new SparkDl4jMultiLayer(spark.sc(), network, master);
            averaging.fit(spark.parallelize(batches, TASKS));
            return averaging.getNetwork().params().toDoubleVector();
        }
    }

    private static INDArray rows(FlatVector episode, String array, int step) {
        Layout.Entry entry = LAYOUT.arrays().entry(array);
        double[] rows = new double[BATCH];
        for (int i = 0; i < BATCH; i++) {
            rows[i] = episode.at(entry.offset() + step * BATCH + i);
        }
        return Nd4j.create(rows, new long[] {BATCH, 1});
    }

    private static MultiLayerConfiguration configuration() {
        return new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(RATE))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(1)
                        .nOut(40)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                        .nIn(40)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build();
    }
}
