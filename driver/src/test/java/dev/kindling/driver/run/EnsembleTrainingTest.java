package dev.kindling.driver.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.JobFileResolver;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.driver.training.CancellationToken;
import dev.kindling.driver.training.RunRecorder;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.driver.training.TrainingLoop;
import dev.kindling.driver.training.TrainingState;
import dev.kindling.driver.training.Validator;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ensembles that are trained together against trainings of each member alone. */
class EnsembleTrainingTest {
    private static final int MEMBERS = 5;
    private static SparkApplication spark;

    @BeforeAll
    static void startSpark() {
        spark = SparkApplication.start("test", Optional.of("local[1]"));
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    /** A short run, with as many tasks a round for each member as make whole trees of blocks. */
    private static ResolvedRun resolved(String job, String... more) {
        List<String> sets = new ArrayList<>(List.of(
                "run.members=" + MEMBERS,
                "run.rounds=12",
                "run.validate-every=3",
                "task.meta-batch-size=4",
                "validation.tasks=20",
                "evaluation.tasks=5",
                "evaluation.steps=2",
                "backend.name=vector",
                "table.path=../conf/growth.csv"));
        sets.addAll(List.of(more));
        JobConfig configuration =
                JobConfig.load("../conf/" + job, new JobFileResolver(HadoopSettings.load(), List.of()), sets);
        return ResolvedRun.here(configuration, TablePreparer.on(spark)::prepare);
    }

    /** Records the last state, the model and the validations of a training. */
    private static final class Recorder implements RunRecorder, TrainingListener {
        private final List<Validation> validations = new ArrayList<>();
        private final List<Double> losses = new ArrayList<>();
        private @Nullable TrainingState state;
        private @Nullable FlatVector model;

        @Override
        public void done(TrainingListener.Round round) {
            losses.add(round.gradient().means().get("query_loss"));
        }

        @Override
        public void done(TrainingListener.Round round, Optional<Validation> validation) {}

        @Override
        public void validated(Validation validation) {
            validations.add(validation);
        }

        @Override
        public <T> T excludeFromThroughput(Supplier<T> work) {
            return work.get();
        }

        @Override
        public double seconds() {
            return 0;
        }

        @Override
        public void checkpoint(TrainingState current) {
            state = current;
        }

        @Override
        public void model(FlatVector theta, long rounds, Progress progress) {
            model = theta.copy();
        }

        @Override
        public void evaluation(Evaluation found) {}
    }

    private static Recorder trained(TrainingLoop training, TrainingPlan plan, ResolvedRun run, int threads) {
        Recorder recorder = new Recorder();
        try (Cluster cluster = new LocalCluster(plan.job(), run.hadoop(), threads)) {
            training.run(cluster, recorder, recorder, CancellationToken.NEVER);
        }
        return recorder;
    }

    /** The training of one member alone: the method itself, with the member's seed and the member's source of tasks. */
    private static Recorder alone(ResolvedRun together, int member) {
        Algorithm ensemble = together.plan().algorithm();
        PlanSettings all = together.settings().plan();
        PlanSettings one = new PlanSettings(
                all.model(), ensemble.member(), all.backend(), all.evaluationSteps(), all.evaluationSplit());
        TaskSource source = together.source().member(member);
        int steps = ensemble.inner().map(inner -> inner.steps()).orElse(0);
        TrainingPlan plan =
                TrainingPlan.of(one, together.settings().source(), source).validating(steps);
        RunSettings run = together.settings().run();
        EvaluationSettings validation = together.settings()
                .validation()
                .limitedTo(source.tasks(Split.VALIDATE))
                .evaluation(steps);
        TrainingLoop training = new TrainingLoop(new TrainingLoop.Parts(
                new RunSettings(
                        ensemble.memberSeed(run.seed(), member),
                        run.rounds(),
                        0,
                        run.metricsFiles(),
                        run.tracking(),
                        run.tasksPerRound(),
                        run.tasksPerContribution(),
                        run.wallTime(),
                        1,
                        0,
                        run.emaDecay()),
                together.settings().checkpoints(),
                plan,
                source,
                together.settings().failures(),
                new Aggregator(together.settings().clip(), plan.statistics()),
                together.settings().optimizer(),
                Optional.of(new Validator(
                        together.settings().validation(),
                        List.of(evaluator(validation, source, TrainingPlan.VALIDATE, plan.validationMeasures())))),
                Optional.of(evaluator(
                        together.settings().evaluation(), source, TrainingPlan.EVALUATE, plan.evaluationMeasures()))));
        return trained(training, plan, together, 1);
    }

    private static Evaluator evaluator(
            EvaluationSettings settings, TaskSource source, String program, Layout measures) {
        Protocol protocol =
                Protocol.of("test", settings, source.layouts(settings.split()), 0, Optional.empty(), "query", 2);
        return new Evaluator(settings, protocol, source, program, measures);
    }

    private static Optional<FlatVector> part(Optional<FlatVector> all, int member) {
        return all.map(vector -> EnsembleLayout.part(vector, member, MEMBERS));
    }

    @ParameterizedTest
    @CsvSource({
        "sinusoid-maml.conf, optimizer.learning-rate=0.1, optimizer.clip-norm=0.5",
        "sinusoid-maml.conf, optimizer.learning-rate=0.1, run.ema-decay=0.8",
        "sinusoid-reptile.conf, reptile.step=20, algorithm.inner-steps=2",
        "table-growth.conf, optimizer.learning-rate=0.004, optimizer.clip-norm=0.5"
    })
    void membersAreTheSameBitByBitAsIfEachWasTrainedAlone(String job, String first, String second) {
        ResolvedRun together = resolved(job, first, second);
        Recorder all = trained(RunService.training(together, Optional.empty()), together.plan(), together, 2);
        TrainingState state = all.state;
        Set<Long> bestRounds = new TreeSet<>();
        double[] losses = new double[all.losses.size()];
        double[] validations = new double[all.validations.size()];
        for (int member = 0; member < MEMBERS; member++) {
            Recorder one = alone(together, member);
            assertThat(EnsembleLayout.part(state.theta(), member, MEMBERS)).isEqualTo(one.state.theta());
            assertThat(EnsembleLayout.part(all.model, member, MEMBERS)).isEqualTo(one.model);
            assertThat(part(state.average(), member)).isEqualTo(one.state.average());
            assertThat(state.best().orElseThrow().scores().get(member))
                    .isEqualTo(one.state.best().orElseThrow().scores().get(0));
            bestRounds.add(
                    state.best().orElseThrow().scores().get(member).validation().round());
            for (int i = 0; i < losses.length; i++) {
                losses[i] += one.losses.get(i) / MEMBERS;
            }
            for (int i = 0; i < validations.length; i++) {
                validations[i] += one.validations.get(i).loss() / MEMBERS;
            }
        }
        assertThat(all.losses).hasSize(12);
        for (int i = 0; i < losses.length; i++) {
            assertThat(all.losses.get(i)).isCloseTo(losses[i], withinPercentage(1e-6));
        }
        for (int i = 0; i < validations.length; i++) {
            assertThat(all.validations.get(i).loss()).isCloseTo(validations[i], withinPercentage(1e-6));
        }
        assertThat(bestRounds)
                .as("otherwise this shows nothing of a best round of each")
                .hasSizeGreaterThan(1);
    }
}
