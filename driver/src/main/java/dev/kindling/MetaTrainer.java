package dev.kindling;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.JobFileResolver;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.run.CancellationSource;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.RoundProfile;
import dev.kindling.driver.run.RunContext;
import dev.kindling.driver.run.RunService;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.driver.training.TrainingLoop;
import dev.kindling.job.task.EpisodeLayout;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Meta-trains a network over a distribution of tasks. What is not set keeps the default of {@code reference.conf}; the same
 * settings and seed give the same parameters bit by bit on any cluster. {@link #fit} may be called again; each call trains
 * from the beginning.
 */
public final class MetaTrainer {
    private static final Logger LOG = LoggerFactory.getLogger(MetaTrainer.class);

    private final JobConfig configuration;
    private final Optional<String> runFolder;
    private final TrainingListener listener;
    private final boolean baselines;
    private final Set<CancellationSource> running = ConcurrentHashMap.newKeySet();

    private MetaTrainer(
            JobConfig configuration, Optional<String> runFolder, TrainingListener listener, boolean baselines) {
        this.configuration = configuration;
        this.runFolder = runFolder;
        this.listener = listener;
        this.baselines = baselines;
    }

    /** A builder in which nothing is set. */
    public static Builder builder() {
        return new Builder(JobConfig.reference());
    }

    /**
     * A builder in which a job's settings are set.
     *
     * @param job a HOCON file here or on any Hadoop file system, or a ready job's name
     * @throws IllegalArgumentException if it is missing, is not HOCON or has an unknown key
     */
    public static Builder job(String job) {
        return new Builder(JobConfig.load(job, new JobFileResolver(HadoopSettings.load(), List.of()), List.of()));
    }

    /**
     * A builder in which the settings of a ready job of Kindling's jar are set, such as {@code table.conf}, whatever files of
     * that name there are.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Builder readyJob(String name) {
        return new Builder(JobConfig.ready(name));
    }

    /**
     * Trains on the executors of a session that runs already, which is not stopped.
     *
     * @throws IllegalArgumentException if the settings make no sense together
     * @throws dev.kindling.job.error.BadDataException if data is missing or damaged
     * @throws dev.kindling.driver.error.DivergedException if training diverged
     * @throws dev.kindling.driver.error.ClusterException if the cluster failed
     * @throws dev.kindling.driver.error.StoppedEarlyException after {@link #cancel}, or if the calling thread is interrupted
     * @throws dev.kindling.driver.error.StoppedException after {@link #cancel}, where there is a run folder to resume from
     */
    public TrainedModel fit(SparkSession spark) {
        return train(ProgramClusters.attached(spark), Start.NEW);
    }

    /** Trains in this JVM, without Spark, on all its processors; else as {@link #fit(SparkSession)}. */
    public TrainedModel fit() {
        return train(ProgramClusters.local(), Start.NEW);
    }

    /**
     * Resumes the training in the run folder from its last checkpoint, or begins it where there is none; a finished one is
     * loaded. Else as {@link #fit(SparkSession)}.
     */
    public TrainedModel resume(SparkSession spark) {
        return train(ProgramClusters.attached(spark), Start.RESUMED);
    }

    /** As {@link #resume(SparkSession)}, in this JVM, without Spark. */
    public TrainedModel resume() {
        return train(ProgramClusters.local(), Start.RESUMED);
    }

    /**
     * Ends the trainings of this trainer that are running now, each after its current round. Has no effect on later calls of
     * {@link #fit} and {@link #resume}, nor any effect if none is running. May be called from any thread.
     */
    public void cancel() {
        running.forEach(cancellation -> cancellation.request("MetaTrainer.cancel"));
    }

    /** Every key and its value, as HOCON that {@code --conf} reads. */
    public String configuration() {
        return configuration.rendered();
    }

    /** Whether a run folder may hold a run already. */
    private enum Start {
        NEW,
        RESUMED
    }

    private TrainedModel train(ClusterProvider clusters, Start start) {
        try (CancellationSource cancellation = new CancellationSource()) {
            running.add(cancellation);
            try {
                return runFolder.isPresent()
                        ? trainIn(runFolder.get(), clusters, start, cancellation)
                        : trainInMemory(clusters, cancellation);
            } finally {
                running.remove(cancellation);
                if (cancellation.isInterrupted()) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private TrainedModel trainInMemory(ClusterProvider clusters, CancellationSource cancellation) {
        ResolvedRun resolved = cancellation.runBeforeRound(0, () -> clusters.resolve(configuration, Optional.empty()));
        try {
            return train(resolved, clusters, cancellation);
        } finally {
            resolved.deleteTemporaryTable();
        }
    }

    private TrainedModel train(ResolvedRun resolved, ClusterProvider clusters, CancellationSource cancellation) {
        resolved.requireTrainable();
        resolved.notes().forEach(LOG::warn);
        // A model with baselines is compared with them on a table of its own.
        if (!baselines) {
            resolved.evaluationNote().ifPresent(LOG::warn);
        }
        TrainingLoop training = RunService.training(resolved, Optional.empty());
        MemoryRecorder recorder = new MemoryRecorder(System::nanoTime);
        try (ClusterProvider.Session session = clusters.start("kindling", Optional.empty());
                Cluster cluster = resolved.cluster(session)) {
            TrainingLoop.Result result = training.run(cluster, recorder, listener, cancellation);
            return TrainedModel.of(
                    resolved,
                    recorder.theta(),
                    recorder.rounds(),
                    result.trained(),
                    baselines ? resolved.baselines() : Optional.empty());
        }
    }

    private TrainedModel trainIn(String place, ClusterProvider clusters, Start start, CancellationSource cancellation) {
        RunContext context =
                new RunContext(clusters, InstantSource.system(), LOG::info, (from, rounds) -> shown(), result -> {});
        RunService service =
                new RunService(context, Optional.empty(), cancellation, new RoundProfile(System::nanoTime));
        AtomicDirectory folder = AtomicDirectory.at(place, HadoopSettings.load());
        if (start == Start.RESUMED && RunDirectory.isIn(folder)) {
            service.resume(folder, directory -> StoredConfiguration.requested(configuration, directory));
        } else {
            service.begin(configuration, folder);
        }
        return TrainedModel.load(place);
    }

    private RunContext.Shown shown() {
        return new RunContext.Shown() {
            @Override
            public void done(Round round) {
                listener.done(round);
            }

            @Override
            public void validated(Validation validation) {
                listener.validated(validation);
            }

            @Override
            public void close() {}
        };
    }

    /** Builds a trainer. */
    public static final class Builder extends SettingsBuilder<Builder> {
        private final JobConfig base;
        private Optional<String> runFolder = Optional.empty();
        private TrainingListener listener = round -> {};
        private OptionalInt inputs = OptionalInt.empty();
        private OptionalInt outputs = OptionalInt.empty();
        private List<String> assignments = List.of();
        private boolean baselines;

        private Builder(JobConfig base) {
            this.base = base;
        }

        @Override
        Builder self() {
            return this;
        }

        /** The distribution of tasks. */
        public Builder tasks(TaskDistribution tasks) {
            return setAll(tasks.settings());
        }

        /** The network. */
        public Builder network(NetworkSpec network) {
            inputs = network.inputs();
            outputs = network.outputs();
            return setAll(network.settings());
        }

        /** The network of a preset's name. */
        public Builder network(String name) {
            return network(Networks.named(name));
        }

        /** The meta-learning method. */
        public Builder method(Method method) {
            return setAll(method.settings());
        }

        /** The meta-optimizer. */
        public Builder optimizer(Optimizer optimizer) {
            return setAll(optimizer.settings());
        }

        /** Tasks of a round. */
        public Builder metaBatchSize(int tasks) {
            return set("task.meta-batch-size", tasks);
        }

        /**
         * Validates the exponential moving average of the parameters over rounds, which becomes the model.
         *
         * @param decay at least 0 and below 1; 0 for the parameters of single rounds
         */
        public Builder emaDecay(double decay) {
            return set("run.ema-decay", decay);
        }

        /** Models that are trained together, each with a meta-batch of its own, and whose predictions are averaged. */
        public Builder members(int models) {
            return set("run.members", models);
        }

        /** Training and validation groups of a table below which a start that is fitted to them is the model; 0 for never. */
        public Builder minTrainingGroups(int groups) {
            return set("run.min-training-groups", groups);
        }

        /** Rounds: updates of the meta-parameters. */
        public Builder rounds(long rounds) {
            return set("run.rounds", rounds);
        }

        /** The seed of everything that is drawn. */
        public Builder seed(long seed) {
            return set("run.seed", seed);
        }

        /** Validates every so many rounds and keeps the best model; ends when so many validations in a row were no better, 0 for never. */
        public Builder validation(long everyRounds, int patience) {
            return set("run.validate-every", everyRounds).set("run.patience", patience);
        }

        /**
         * The score by which validations choose the best model.
         *
         * @param score {@code accuracy}, {@code loss}, or for tables {@code loss-over-rows}
         */
        public Builder validationMeasure(String score) {
            return set("validation.measure", score);
        }

        /** Validation tasks; the same ones every time. */
        public Builder validationTasks(int tasks) {
            return set("validation.tasks", tasks);
        }

        /** Ends the training after this time with any number of rounds left, 0 for never; the result then depends on the machine. */
        public Builder wallTime(Duration time) {
            return set("run.wall-time", time.toMillis() + "ms");
        }

        /** Rounds between two lines of a run folder's {@code metrics.jsonl}; 0 for none. */
        public Builder logEvery(long rounds) {
            return set("run.log-every", rounds);
        }

        /** Also writes the metrics of a run folder as a TensorBoard event file. */
        public Builder tensorBoard() {
            return set("run.tensorboard", true);
        }

        /**
         * Logs a run folder's parameters, metrics, evaluation and report to an MLflow server; MLflow's client must be on the class path.
         *
         * @param uri of the server
         * @param experiment name of the experiment, which is created if there is none
         */
        public Builder mlflow(String uri, String experiment) {
            return set("run.mlflow", uri).set("run.mlflow-experiment", experiment);
        }

        /**
         * Checkpoints of a run folder.
         *
         * @param everyRounds rounds between two of them; 0 for one at the end and at a cancellation only
         * @param retained how many recent ones are retained
         */
        public Builder checkpoints(long everyRounds, int retained) {
            return set("run.checkpoint-every", everyRounds).set("run.checkpoint-keep", retained);
        }

        /**
         * What happens to a task whose loss or gradient is not finite.
         *
         * @param action {@code skip} leaves it out of its round, {@code fail} ends the training
         * @param limit the fraction of a round, 0 to 1, that may be left out before training ends as diverged
         */
        public Builder onTaskFailure(String action, double limit) {
            return set("task.on-failure", action).set("task.failure-limit", limit);
        }

        /** Held-out tasks of the evaluation at the end, and inner steps of each. */
        public Builder evaluation(int tasks, int steps) {
            return set("evaluation.tasks", tasks).set("evaluation.steps", steps);
        }

        /** Settings, {@code key=value} each, as those of the command line; they override all others. */
        public Builder assignments(List<String> keysAndValues) {
            assignments = List.copyOf(keysAndValues);
            return this;
        }

        /** {@code float} or {@code double}. */
        public Builder precision(String name) {
            return set("backend.precision", name);
        }

        /** A folder for checkpoints, metrics and the model, on any Hadoop file system; without one nothing is written. */
        public Builder runFolder(String place) {
            runFolder = Optional.of(place);
            return this;
        }

        /**
         * Also fits baselines to the training groups of a table, with which {@link TrainedModel#evaluate(Dataset)} compares the
         * model. A training with a run folder does not: its own evaluation has them.
         */
        public Builder baselines() {
            baselines = true;
            return this;
        }

        /** What is notified of each round and validation, on the thread that trains. */
        public Builder listener(TrainingListener listener) {
            this.listener = listener;
            return this;
        }

        /**
         * The trainer.
         *
         * @throws IllegalArgumentException if a key is unknown or a value makes no sense
         * @throws dev.kindling.job.error.BadDataException if data is missing or damaged
         */
        public MetaTrainer build() {
            JobConfig configuration = base.withChecked(settings()).withAssignments(assignments);
            if (!SettingsReader.isOfTable(configuration)) {
                EpisodeLayout layout = ResolvedRun.elsewhere(
                                configuration, ClusterProvider.spark().tables(Optional.empty()))
                        .episode();
                require("inputs", inputs, layout.features().size());
                require("outputs", outputs, layout.outputs());
            }
            return new MetaTrainer(configuration, runFolder, listener, baselines);
        }

        private static void require(String what, OptionalInt expected, int found) {
            if (expected.isPresent() && expected.getAsInt() != found) {
                throw new IllegalArgumentException(
                        "the network has " + expected.getAsInt() + " " + what + "; the tasks have " + found);
            }
        }
    }
}
