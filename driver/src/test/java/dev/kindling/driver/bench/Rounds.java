package dev.kindling.driver.bench;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Times rounds of meta-training as in the outer loop, without Spark, and their parts, in ms per round. */
final class Rounds implements BenchmarkCase {
    static final String ROUND = "round";
    static final String RUN = "run";
    static final String MATERIALISE = "materialise";
    private static final List<String> FIGURES = List.of(ROUND, "sample", RUN, MATERIALISE, "aggregate", "optimize");

    private final Settings settings;
    private final TrainingPlan plan;
    private final int block;
    private final Timed source;
    private final Sampler sampler;
    private final LocalCluster cluster;
    private final Aggregator aggregator;
    private final MetaOptimizer optimizer;
    private final FlatVector theta;
    private long round;

    /**
     * Rounds from the first one on.
     *
     * @param block number of rounds of one timed call
     */
    Rounds(Settings settings, TrainingPlan plan, TaskSource opened, int threads, int block) {
        this.settings = settings;
        this.plan = plan;
        this.block = block;
        this.source = new Timed(opened, new AtomicLong());
        this.sampler = new Sampler(source, settings.run().seed(), Split.TRAIN);
        this.cluster = new LocalCluster(plan.job(), new CompiledJob(plan.job(), source), threads);
        this.aggregator = new Aggregator(settings.clip(), RunningStatistics.NONE);
        this.theta = plan.untrained(settings.run().seed(), source);
        this.optimizer = new MetaOptimizer(
                settings.optimizer(),
                settings.run().rounds(),
                plan.parameters(),
                plan.precision(),
                plan.job().backend());
    }

    @Override
    public Map<String, Double> sample(double seconds) {
        double[] medians = Timing.medians(seconds, this::call);
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int i = 0; i < medians.length; i++) {
            figures.put(FIGURES.get(i), medians[i]);
        }
        return figures;
    }

    private double[] call() {
        long[] nanos = new long[FIGURES.size()];
        source.nanos.set(0);
        long begin = System.nanoTime();
        for (int i = 0; i < block; i++) {
            oneRound(nanos);
        }
        nanos[0] = System.nanoTime() - begin;
        nanos[3] = source.nanos.get();
        double[] millis = new double[nanos.length];
        for (int i = 0; i < nanos.length; i++) {
            millis[i] = nanos[i] / (1e6 * block);
        }
        return millis;
    }

    private void oneRound(long[] nanos) {
        long begin = System.nanoTime();
        List<TaskSpec> specs = sampler.round(round, settings.run().tasksPerRound());
        long sampled = System.nanoTime();
        RoundResult result = cluster.run(new RoundRequest(TrainingPlan.TRAIN, specs, OutputMode.SUMS), theta);
        long ran = System.nanoTime();
        settings.failures().accept(round, specs.size(), result.failed());
        MetaGradient gradient = aggregator.aggregate(round, result.sum(), plan.trainingMeasures());
        long aggregated = System.nanoTime();
        optimizer.update(round, gradient.gradient(), theta);
        long optimized = System.nanoTime();
        nanos[1] += sampled - begin;
        nanos[2] += ran - sampled;
        nanos[4] += aggregated - ran;
        nanos[5] += optimized - aggregated;
        round++;
    }

    /** A task source that measures the time of materialising episodes, summed over all threads. */
    private record Timed(TaskSource source, AtomicLong nanos) implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return source.layout(split);
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return source.sample(key);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            long begin = System.nanoTime();
            source.materialise(spec, target, offset);
            nanos.addAndGet(System.nanoTime() - begin);
        }

        @Override
        public String dataHash() {
            return source.dataHash();
        }
    }
}
