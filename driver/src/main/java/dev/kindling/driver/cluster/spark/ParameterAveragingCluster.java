package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs training rounds by Deeplearning4j's parameter averaging on Spark (SparkDl4jMultiLayer), and all other rounds on another
 * cluster, which also evaluates the training tasks at θ. The round's sum is the difference of θ and the averaged parameters
 * times the task count, so that its mean is that difference.
 *
 * <p>A mini-batch is the query set of a task; each worker trains on a share of the round's tasks, and parameters are averaged
 * once, at the end of the round. Results are Deeplearning4j's, and may differ between clusters.
 */
final class ParameterAveragingCluster implements Cluster {
    private final JavaSparkContext context;
    private final Cluster rounds;
    private final ParameterAveragingJob averaged;
    private final MultiLayerNetwork network;

    /**
     * Wraps a cluster.
     *
     * @param rounds for all other rounds; closed with this one. It must not occupy Spark's slots between rounds
     */
    ParameterAveragingCluster(JavaSparkContext context, Cluster rounds, ParameterAveragingJob averaged) {
        this.context = context;
        this.rounds = rounds;
        this.averaged = averaged;
        try {
            this.network = ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(averaged.network()), true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        RoundResult measured = rounds.run(request, shared, prefetcher);
        Set<Integer> failed = measured.failed().stream().map(FailedTask::index).collect(Collectors.toSet());
        List<TaskSpec> succeeded = request.specs().stream()
                .filter(spec -> !failed.contains(spec.index()))
                .toList();
        if (!request.program().equals(averaged.program()) || succeeded.isEmpty()) {
            return measured;
        }
        PartialSum root = measured.sum();
        FlatVector sums = distance(shared, train(request, succeeded, shared), root.tasks());
        return new RoundResult(
                new PartialSum(root.level(), root.index(), sums, root.totals(), root.tasks()),
                measured.failed(),
                measured.perTaskOutputs(),
                measured.workers(),
                measured.bytesOut(),
                measured.bytesIn(),
                measured.times(),
                measured.taskTimings(),
                measured.notices());
    }

    /** Trains the network from θ; returns the averaged one. */
    private MultiLayerNetwork train(RoundRequest request, List<TaskSpec> specs, FlatVector shared) {
        setParameters(shared);
        int workers = Math.min(averaged.how().workers(), specs.size());
        int batchSize = averaged.source().layout(specs.get(0)).query();
        ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(workers, batchSize)
                .batchSizePerWorker(batchSize)
                .averagingFrequency((specs.size() + workers - 1) / workers)
                .workerPrefetchNumBatches(0)
                .repartionData(Repartition.Never)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .build();
        context.sc().setJobDescription(request + ", averaged by Deeplearning4j");
        try {
            SparkDl4jMultiLayer training = new SparkDl4jMultiLayer(context.sc(), network, master);
            return training.fit(
                    context.parallelize(specs.stream().map(this::batch).toList(), workers));
        } catch (RuntimeException e) {
            throw new ClusterException("Deeplearning4j could not train on " + request + ": " + SparkErrors.first(e), e);
        }
    }

    private void setParameters(FlatVector shared) {
        DataType type = network.getLayerWiseConfigurations().getDataType();
        for (Layout.Entry entry : averaged.theta().entries()) {
            double[] numbers = numbers(shared, entry.offset(), entry.shape().size());
            long[] shape = network.getParam(entry.name()).shape();
            network.setParam(
                    entry.name(), Nd4j.createFromArray(numbers).castTo(type).reshape(shape));
        }
    }

    /** (θ - averaged parameters) times the task count. */
    private FlatVector distance(FlatVector shared, MultiLayerNetwork trained, int tasks) {
        FlatVector distance = FlatVector.zeros(shared.precision(), shared.size());
        for (Layout.Entry entry : averaged.theta().entries()) {
            double[] end = Nd4j.toFlattened('c', trained.getParam(entry.name()))
                    .castTo(DataType.DOUBLE)
                    .toDoubleVector();
            for (int i = 0; i < end.length; i++) {
                int at = entry.offset() + i;
                distance.set(at, (shared.at(at) - end[i]) * tasks);
            }
        }
        return distance;
    }

    /** The query set of a task as a mini-batch. */
    private DataSet batch(TaskSpec spec) {
        EpisodeLayout layout = averaged.source().layout(spec);
        Layout arrays = layout.arrays();
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, arrays.size());
        averaged.source().materialise(spec, episode, 0);
        double[] x = array(episode, arrays.entry(EpisodeLayout.QUERY_X));
        double[] y = array(episode, arrays.entry(EpisodeLayout.QUERY_Y));
        return new DataSet(
                examples(x, layout.features().stacked(layout.query())),
                examples(
                        layout.classification() ? oneHot(y, layout.outputs()) : y,
                        Shape.of(layout.query(), layout.outputs())));
    }

    private INDArray examples(double[] numbers, Shape shape) {
        return Nd4j.createFromArray(numbers)
                .castTo(network.getLayerWiseConfigurations().getDataType())
                .reshape(IntStream.of(shape.dims()).asLongStream().toArray());
    }

    private static double[] oneHot(double[] classes, int ways) {
        double[] rows = new double[classes.length * ways];
        IntStream.range(0, classes.length).forEach(i -> rows[i * ways + (int) classes[i]] = 1);
        return rows;
    }

    private static double[] array(FlatVector episode, Layout.Entry entry) {
        return numbers(episode, entry.offset(), entry.shape().size());
    }

    private static double[] numbers(FlatVector vector, int from, int count) {
        double[] numbers = new double[count];
        Arrays.setAll(numbers, i -> vector.at(from + i));
        return numbers;
    }

    @Override
    public void close() {
        rounds.close();
    }
}
