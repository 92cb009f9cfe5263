package dev.kindling.driver.bench;

import dev.kindling.driver.config.Settings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Map;

/** Times the arithmetic of a round only, on one thread: the executable over episodes that are already materialised. */
final class Arithmetic implements BenchmarkCase {
    static final String ARITHMETIC = "arithmetic, 1 thread";

    private final Workspace workspace;
    private final FlatVector theta;
    private final List<FlatVector> episodes;
    private final int blockSize;
    private final int block;
    private final FlatVector sums;
    private final double[] perTaskOutputs;
    private int first;

    /**
     * The arithmetic of the first round.
     *
     * @param block number of rounds of one timed call
     */
    Arithmetic(Settings settings, TrainingPlan plan, TaskSource source, int block) {
        this.workspace = Backends.named(plan.job().backend())
                .compile(
                        plan.job().program(TrainingPlan.TRAIN).first(),
                        plan.job().options())
                .workspace();
        this.theta = plan.untrained(settings.run().seed(), source);
        this.episodes = new Sampler(source, settings.run().seed(), Split.TRAIN)
                .round(0, settings.run().tasksPerRound()).stream()
                        .map(spec -> episode(plan, source, spec))
                        .toList();
        this.blockSize = plan.job().blockSize();
        this.block = block;
        this.sums = FlatVector.zeros(
                plan.precision(), plan.job().program(TrainingPlan.TRAIN).sums().size());
        this.perTaskOutputs = new double[blockSize * plan.trainingMeasures().size()];
    }

    private static FlatVector episode(TrainingPlan plan, TaskSource source, TaskSpec spec) {
        FlatVector episode = FlatVector.zeros(
                plan.precision(),
                plan.job().program(TrainingPlan.TRAIN).first().taskInputs().size());
        source.materialise(spec, episode, 0);
        return episode;
    }

    @Override
    public Map<String, Double> sample(double seconds) {
        return Map.of(ARITHMETIC, Timing.medians(seconds, this::call)[0]);
    }

    private double[] call() {
        long begin = System.nanoTime();
        for (int i = 0; i < block; i++) {
            workspace.setBroadcastInputs(theta);
            for (first = 0; first < episodes.size(); first += blockSize) {
                workspace.run(Math.min(blockSize, episodes.size() - first), this::fill, sums, perTaskOutputs);
            }
        }
        return new double[] {(System.nanoTime() - begin) / (1e6 * block)};
    }

    private void fill(int task, FlatVector target, int offset) {
        FlatVector episode = episodes.get(first + task);
        target.copyFrom(episode, 0, offset, episode.size());
    }
}
