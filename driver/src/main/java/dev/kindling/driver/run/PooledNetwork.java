package dev.kindling.driver.run;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.driver.serving.ModelQueryPredictor;
import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.driver.training.OuterLoop;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Map;

/**
 * Trains the network of a run on all rows of its training groups together, without adaptation: a baseline. It has the rounds,
 * meta-batch and meta-optimizer of the run, without parameter groups, validation and moving average, and trains on the cores of this JVM.
 */
final class PooledNetwork {
    private PooledNetwork() {}

    /**
     * Trains the network.
     *
     * @param run of a table
     * @param backend that is available in this JVM
     * @throws dev.kindling.driver.error.DivergedException if the training diverges
     */
    static QueryPredictor train(ResolvedRun run, String backend) {
        JobConfig configuration = run.configuration()
                .with(Map.of(
                        "algorithm.name",
                        "transfer",
                        "transfer.engine",
                        "rounds",
                        "task.support",
                        0,
                        "run.members",
                        1,
                        "optimizer.groups",
                        List.of(),
                        "backend.name",
                        backend));
        Settings settings = SettingsReader.read(configuration, run.hadoop());
        SourceDescription description = TableTaskSettings.prepared(
                settings.source(),
                TableTaskSettings.fromMap(run.settings().source().settings()).pack());
        TaskSource source = TaskSources.open(description, run.hadoop());
        TrainingPlan plan = TrainingPlan.of(settings.plan(), description, source);
        FlatVector theta = trained(settings, plan, source, run);
        return new ModelQueryPredictor(
                Baseline.POOLED_NETWORK.title(),
                PredictionPrograms.of(settings.plan(), theta, source.layout(Split.TRAIN), 0, 1)
                        .open(),
                source.layout(Split.TRAIN).classes(),
                ModelQueryPredictor.Adaptation.NONE);
    }

    private static FlatVector trained(Settings settings, TrainingPlan plan, TaskSource source, ResolvedRun run) {
        RunSettings length = settings.run();
        FlatVector theta = plan.untrained(length.seed(), source);
        OuterLoop loop = new OuterLoop(
                length,
                List.of(new Sampler(source, length.seed(), Split.TRAIN)),
                settings.failures(),
                new Aggregator(settings.clip(), plan.statistics()),
                new MetaOptimizer(
                        settings.optimizer(),
                        length.rounds(),
                        plan.parameters(),
                        plan.precision(),
                        plan.job().backend()),
                plan::trainingProgram,
                plan.trainingMeasures());
        try (LocalCluster cluster =
                new LocalCluster(plan.job(), run.hadoop(), Runtime.getRuntime().availableProcessors())) {
            for (long round = 0; round < length.rounds(); round++) {
                loop.round(round, cluster, theta);
            }
        }
        return theta;
    }
}
