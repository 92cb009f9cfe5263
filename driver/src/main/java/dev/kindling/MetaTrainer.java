package dev.kindling;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.JobFileResolver;
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
import dev.kindling.job.backend.Backends;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.task.EpisodeLayout;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.api.java.JavaSparkContext;
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
    private static final String BACKEND = "backend.name";

    private final JobConfig configuration;
    private final Optional<String> runFolder;
    private final TrainingListener listener;
    private final CancellationSource cancellation = new CancellationSource();

    private MetaTrainer(JobConfig configuration, Optional<String> runFolder, TrainingListener listener) {
        this.configuration = configuration;
        this.runFolder = runFolder;
        this.listener = listener;
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
     * Trains on the executors of a session that runs already, which is not stopped.
     *
     * @throws IllegalArgumentException if the settings make no sense together
     * @throws dev.kindling.job.error.BadDataException if data is missing or damaged
     * @throws dev.kindling.driver.error.DivergedException if training diverged
     * @throws dev.kindling.driver.error.ClusterException if the cluster failed
     * @throws dev.kindling.driver.error.StoppedEarlyException after {@link #cancel}
     * @throws dev.kindling.driver.error.StoppedException after {@link #cancel}, where there is a run folder to resume from
     */
    public TrainedModel fit(SparkSession spark) {
        return train(attached(spark), Start.NEW);
    }

    /** Trains in this JVM, without Spark, on all its processors; else as {@link #fit(SparkSession)}. */
    public TrainedModel fit() {
        return train(local(Runtime.getRuntime().availableProcessors()), Start.NEW);
    }

    /**
     * Resumes the training in the run folder from its last checkpoint, or begins it where there is none; a finished one is
     * loaded. Else as {@link #fit(SparkSession)}.
     */
    public TrainedModel resume(SparkSession spark) {
        return train(attached(spark), Start.RESUMED);
    }

    /** As {@link #resume(SparkSession)}, in this JVM, without Spark. */
    public TrainedModel resume() {
        return train(local(Runtime.getRuntime().availableProcessors()), Start.RESUMED);
    }

    /** Ends a training that another thread waits for, after the round that is under way. */
    public void cancel() {
        cancellation.request("MetaTrainer.cancel");
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

    static ClusterProvider attached(SparkSession spark) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        ClusterProvider provider = ClusterProvider.attached(run -> SparkApplication.attach(context, run));
        return new ClusterProvider() {
            @Override
            public Session start(String run, Optional<String> master) {
                return provider.start(run, master);
            }

            @Override
            public ResolvedRun resolve(JobConfig configuration, Optional<String> master) {
                return context.isLocal()
                        ? ResolvedRun.here(withAvailableBackend(configuration))
                        : ResolvedRun.elsewhere(configuration);
            }

            @Override
            public List<String> warnings(Optional<String> master) {
                return List.of();
            }
        };
    }

    static ClusterProvider local(int threads) {
        return new ClusterProvider() {
            @Override
            public Session start(String run, Optional<String> master) {
                return new Session() {
                    @Override
                    public Cluster cluster(Job job, ClusterSettings settings) {
                        return new LocalCluster(job, HadoopSettings.load(), threads);
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public ResolvedRun resolve(JobConfig configuration, Optional<String> master) {
                return ResolvedRun.here(withAvailableBackend(configuration));
            }

            @Override
            public List<String> warnings(Optional<String> master) {
                return List.of();
            }
        };
    }

    /**
     * The configuration with the reference backend where this JVM, which somebody else started, lacks the Vector API: much
     * slower, and the same results up to rounding.
     */
    static JobConfig withAvailableBackend(JobConfig configuration) {
        if (!configuration.shown(BACKEND).equals("vector")) {
            return configuration;
        }
        try {
            Backends.named("vector");
            return configuration;
        } catch (BackendUnavailableException e) {
            LOG.warn("{}; computing with the reference backend, which is many times slower", e.getMessage());
            return configuration.with(Map.of(BACKEND, "reference"));
        }
    }

    private TrainedModel train(ClusterProvider clusters, Start start) {
        return runFolder.isPresent() ? trainIn(runFolder.get(), clusters, start) : trainInMemory(clusters);
    }

    private TrainedModel trainInMemory(ClusterProvider clusters) {
        ResolvedRun resolved = clusters.resolve(configuration, Optional.empty());
        resolved.requireTrainable();
        resolved.source().notes().forEach(LOG::warn);
        TrainingLoop training = RunService.training(resolved, Optional.empty());
        MemoryRecorder recorder = new MemoryRecorder(System::nanoTime);
        try (ClusterProvider.Session session = clusters.start("kindling", Optional.empty());
                Cluster cluster = resolved.cluster(session)) {
            TrainingLoop.Result result = training.run(cluster, recorder, listener, cancellation);
            return TrainedModel.of(resolved, recorder.theta(), recorder.rounds(), result.trained());
        }
    }

    private TrainedModel trainIn(String place, ClusterProvider clusters, Start start) {
        RunContext context =
                new RunContext(clusters, InstantSource.system(), LOG::info, (from, rounds) -> shown(), result -> {});
        RunService service =
                new RunService(context, Optional.empty(), cancellation, new RoundProfile(System::nanoTime));
        AtomicDirectory folder = AtomicDirectory.at(place, HadoopSettings.load());
        if (start == Start.RESUMED && RunDirectory.isIn(folder)) {
            service.resume(folder, directory -> StoredConfiguration.requested(configuration, directory));
        } else {
            service.begin(clusters.resolve(configuration, Optional.empty()), folder);
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
    public static final class Builder {
        private final JobConfig base;
        private final Map<String, Object> settings = new LinkedHashMap<>();
        private Optional<String> runFolder = Optional.empty();
        private TrainingListener listener = round -> {};
        private OptionalInt inputs = OptionalInt.empty();
        private OptionalInt outputs = OptionalInt.empty();

        private Builder(JobConfig base) {
            this.base = base;
        }

        /** The distribution of tasks. */
        public Builder tasks(TaskDistribution tasks) {
            settings.putAll(tasks.settings());
            return this;
        }

        /** The network. */
        public Builder network(NetworkSpec network) {
            settings.putAll(network.settings());
            inputs = network.inputs();
            outputs = network.outputs();
            return this;
        }

        /** The network of a preset's name. */
        public Builder network(String name) {
            return network(Networks.named(name));
        }

        /** The meta-learning method. */
        public Builder method(Method method) {
            settings.putAll(method.settings());
            return this;
        }

        /** The meta-optimizer. */
        public Builder optimizer(Optimizer optimizer) {
            settings.putAll(optimizer.settings());
            return this;
        }

        /** Tasks of a round. */
        public Builder metaBatchSize(int tasks) {
            return set("task.meta-batch-size", tasks);
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

        /** A folder for checkpoints, metrics and the model, on any Hadoop file system; without one nothing is written. */
        public Builder runFolder(String place) {
            runFolder = Optional.of(place);
            return this;
        }

        /** What is notified of each round and validation, on the thread that trains. */
        public Builder listener(TrainingListener listener) {
            this.listener = listener;
            return this;
        }

        /** Sets any configuration key (docs/configuration.md). */
        public Builder set(String key, Object value) {
            settings.put(key, value);
            return this;
        }

        /**
         * The trainer.
         *
         * @throws IllegalArgumentException if a key is unknown or a value makes no sense
         * @throws dev.kindling.job.error.BadDataException if data is missing or damaged
         */
        public MetaTrainer build() {
            JobConfig configuration = base.withChecked(settings);
            EpisodeLayout layout = ResolvedRun.elsewhere(configuration).episode();
            require("inputs", inputs, layout.features().size());
            require("outputs", outputs, layout.outputs());
            return new MetaTrainer(configuration, runFolder, listener);
        }

        private static void require(String what, OptionalInt expected, int found) {
            if (expected.isPresent() && expected.getAsInt() != found) {
                throw new IllegalArgumentException(
                        "the network has " + expected.getAsInt() + " " + what + "; the tasks have " + found);
            }
        }
    }
}
