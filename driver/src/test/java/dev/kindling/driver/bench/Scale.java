package dev.kindling.driver.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.sinusoid.DoubleRange;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Rounds over executors in JVMs of their own, of many shapes; a cost model fitted to them, and what it says of clusters
 * that are not at hand. {@code deploy/bench scale} starts it; the first argument is the application jar.
 */
public final class Scale {
    private static final List<Integer> EXECUTORS = List.of(1, 2, 4);
    private static final List<Integer> TASKS = List.of(1, 16, 64, 256, 1024, 4096);
    /** Count of numbers of θ: 8 KB, 450 KB, 5 MB and 50 MB. */
    private static final List<Integer> NUMBERS = List.of(2_048, 112_500, 1_250_000, 12_500_000);
    /** Those of which executors exchange slices. */
    private static final List<Integer> EXCHANGED = List.of(1_250_000, 12_500_000);
    /** Numbers times tasks of the largest round: what a minute allows. */
    private static final long LARGEST = 800_000_000;

    private static final Duration WARM_UP = Duration.ofMillis(1500);
    private static final Duration SAMPLE = Duration.ofMillis(1500);
    private static final int FEWEST = 3;
    private static final long SEED = 1;

    private Scale() {}

    /**
     * Measures, fits and prints; with a second argument {@code exchange} only what executors that exchange slices change.
     */
    @SuppressWarnings("SystemOut")
    public static void main(String... args) throws JsonProcessingException, InterruptedException {
        Path jar = Path.of(args[0]);
        if (args.length == 1) {
            fit(jar);
        }
        for (boolean exchange : new boolean[] {false, true, false, true}) {
            System.out.println(exchange ? "with slices exchanged:" : "all through the driver:");
            points(jar, 4, EXCHANGED, exchange);
        }
        System.exit(0);
    }

    @SuppressWarnings("SystemOut")
    private static void fit(Path jar) throws JsonProcessingException, InterruptedException {
        List<ScalePoint> points = new ArrayList<>();
        for (int executors : EXECUTORS) {
            points.addAll(points(jar, executors, NUMBERS, false));
        }
        CostModel model = CostModel.fit(points);
        ObjectMapper mapper = new ObjectMapper();
        for (ScalePoint point : points) {
            System.out.println(mapper.writeValueAsString(point.json(model.seconds(point))));
        }
        double[] errors = points.stream().mapToDouble(model::error).sorted().toArray();
        System.out.println(model);
        System.out.printf(
                Locale.ROOT,
                "relative error on the %d points: median %.2f, nine of ten below %.2f, largest %.2f%n",
                errors.length,
                Timing.median(errors),
                errors[errors.length * 9 / 10],
                errors[errors.length - 1]);
    }

    @SuppressWarnings("SystemOut")
    private static List<ScalePoint> points(Path jar, int executors, List<Integer> sizes, boolean exchange)
            throws InterruptedException {
        System.setProperty("spark.kindling.peerExchange.enabled", Boolean.toString(exchange));
        System.setProperty("spark.executor.extraClassPath", jar.toAbsolutePath().toString());
        String master = "local-cluster[" + executors + ",1,3072]";
        System.setProperty("spark.executor.memory", "3g");
        List<ScalePoint> points = new ArrayList<>();
        try (SparkApplication spark = SparkApplication.start("kindling bench scale", Optional.of(master))) {
            for (int numbers : sizes) {
                Job job = job(numbers);
                ClusterSettings settings =
                        new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofMinutes(2), 0);
                try (Cluster cluster = spark.cluster(job, settings)) {
                    for (int tasks : TASKS) {
                        if ((long) tasks * numbers <= LARGEST) {
                            ScalePoint point = measure(cluster, job, executors, tasks, numbers);
                            points.add(point);
                            System.out.println(point);
                        }
                    }
                }
            }
        }
        return points;
    }

    private static SourceDescription source() {
        SinusoidSettings sine = new SinusoidSettings(
                new DoubleRange(0.1, 5),
                new DoubleRange(0, 3),
                new DoubleRange(1, 1),
                new DoubleRange(-5, 5),
                SinusoidSettings.Sign.MINUS,
                SinusoidSettings.Side.BOTH,
                0,
                SinusoidSettings.Oracle.BLIND,
                new EpisodeSizes(10, 10, 10, 10));
        return new SourceDescription("sinusoid", sine.toMap());
    }

    /** A job whose tasks do little beside writing a meta-gradient as long as θ. */
    private static Job job(int numbers) {
        EpisodeLayout layout = open().layout(Split.TRAIN);
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(numbers), Program.Scope.BROADCAST);
        Map<String, Value> episode = new LinkedHashMap<>();
        layout.arrays()
                .entries()
                .forEach(entry -> episode.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.TASK)));
        Value loss = b.meanAll(b.square(Objects.requireNonNull(episode.get(EpisodeLayout.QUERY_Y))));
        Program program = b.build(
                TrainingPlan.TRAIN,
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.mul(w, loss)),
                        new Program.Output("query_loss", Program.Reduction.PER_TASK, loss)));
        return new Job(
                source(),
                "vector",
                new CompileOptions(Precision.FLOAT, 1 << 28),
                TrainingPlan.blockSize(numbers),
                new TreeMap<>(Map.of(TrainingPlan.TRAIN, ProgramVariants.of(program))));
    }

    private static TaskSource open() {
        return TaskSources.open(source(), new org.apache.hadoop.conf.Configuration());
    }

    private static ScalePoint measure(Cluster cluster, Job job, int executors, int tasks, int numbers)
            throws InterruptedException {
        Sampler sampler = new Sampler(open(), SEED, Split.TRAIN);
        FlatVector theta = FlatVector.zeros(Precision.FLOAT, numbers);
        RoundRequest[] requests = new RoundRequest[2];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new RoundRequest(TrainingPlan.TRAIN, sampler.round(i, tasks), OutputMode.SUMS);
        }
        int blocks = (tasks + job.blockSize() - 1) / job.blockSize();
        awaitAll(cluster, requests[0], theta, Math.min(executors, blocks));
        run(cluster, requests, theta, WARM_UP);
        List<ScalePoint.Reading> readings = run(cluster, requests, theta, SAMPLE);
        return new ScalePoint(
                executors,
                tasks,
                (long) numbers * Float.BYTES,
                median(readings, ScalePoint.Reading::seconds),
                median(readings, ScalePoint.Reading::compute),
                median(readings, ScalePoint.Reading::out),
                median(readings, ScalePoint.Reading::in));
    }

    private static void awaitAll(Cluster cluster, RoundRequest request, FlatVector theta, int workers)
            throws InterruptedException {
        while (cluster.run(request, theta).workers().size() < workers) {
            Thread.sleep(50);
        }
    }

    private static List<ScalePoint.Reading> run(
            Cluster cluster, RoundRequest[] requests, FlatVector theta, Duration time) {
        List<ScalePoint.Reading> readings = new ArrayList<>();
        long begin = System.nanoTime();
        int round = 0;
        while (readings.size() < FEWEST || System.nanoTime() - begin < time.toNanos()) {
            RoundRequest next = requests[++round % 2];
            long before = System.nanoTime();
            RoundResult result = cluster.run(requests[(round + 1) % 2], theta, () -> Optional.of(next));
            readings.add(ScalePoint.Reading.of(System.nanoTime() - before, result));
        }
        return readings;
    }

    private static double median(List<ScalePoint.Reading> readings, ToDoubleFunction<ScalePoint.Reading> part) {
        return Timing.median(readings.stream().mapToDouble(part).toArray());
    }
}
