package dev.kindling.driver.report;

import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Runs a trained model on a small number of tasks in this JVM: the plan's programs, a program that predicts, and one that
 * returns the episode. Not thread-safe.
 */
public final class ModelProbe implements AutoCloseable {
    private static final String PREDICT = "predict";
    private static final String EPISODE = "episode";
    /** The prefix of the outputs that copy episode arrays, because an output must not have the name of an input. */
    private static final String COPY = "copy.";
    /** The setting that appends the task's parameters to its inputs. */
    private static final String ORACLE = "sinusoid.oracle";
    /** How many times the requested tasks are sampled, to find enough of one layout. */
    private static final int OVERSAMPLING = 8;

    private final TrainingPlan plan;
    private final TaskSource source;
    private final FlatVector theta;
    private final EvaluationSettings evaluation;
    private final long seed;
    private final Configuration hadoop;
    private final LocalCluster cluster;
    private final EpisodeLayout layout;
    private final Job job;

    /**
     * A probe; compiles its programs.
     *
     * @param source the plan's task source, opened
     * @param theta parameters of the model
     * @param evaluation split and seed of the tasks
     * @param seed of the run, for training tasks
     * @throws dev.kindling.job.error.BackendUnavailableException if the plan's backend cannot run in this JVM
     */
    public ModelProbe(
            TrainingPlan plan,
            TaskSource source,
            FlatVector theta,
            EvaluationSettings evaluation,
            long seed,
            Configuration hadoop) {
        this(plan, plan.job().source(), source, theta, evaluation, seed, hadoop);
    }

    private ModelProbe(
            TrainingPlan plan,
            SourceDescription description,
            TaskSource source,
            FlatVector theta,
            EvaluationSettings evaluation,
            long seed,
            Configuration hadoop) {
        this.plan = plan;
        this.source = source;
        this.theta = theta;
        this.evaluation = evaluation;
        this.seed = seed;
        this.hadoop = hadoop;
        this.layout = source.layout(sampler().range(0, 0, 1).get(0));
        this.job = job(description);
        this.cluster = new LocalCluster(job, hadoop, 1);
    }

    private Job job(SourceDescription description) {
        SortedMap<String, ProgramVariants> programs = new TreeMap<>(plan.job().programs());
        Program predict = plan.algorithm().predict(plan.model(layout), layout, evaluation.steps());
        programs.put(PREDICT, ProgramVariants.of(predict));
        programs.put(EPISODE, ProgramVariants.of(episode()));
        return new Job(
                description,
                plan.job().backend(),
                plan.job().options(),
                plan.job().blockSize(),
                programs);
    }

    /** A program that returns its inputs. */
    private Program episode() {
        ProgramBuilder b = new ProgramBuilder();
        plan.parameters().entries().forEach(entry -> b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
        List<Program.Output> outputs = new ArrayList<>();
        for (Layout.Entry entry : layout.arrays().entries()) {
            Value value = b.input(entry.name(), entry.shape(), Program.Scope.TASK);
            outputs.add(
                    new Program.Output(COPY + entry.name(), Program.Reduction.PER_TASK, b.add(value, b.constant(0))));
        }
        return b.build(EPISODE, outputs);
    }

    /**
     * A probe of the same model on other tasks.
     *
     * @param changes settings of the task source, {@code key=value} each
     * @throws IllegalArgumentException if the source has no such key, or the value is invalid
     */
    public ModelProbe with(List<String> changes) {
        SourceDescription changed = changed(plan.job().source(), changes);
        return new ModelProbe(plan, changed, TaskSources.open(changed, hadoop), theta, evaluation, seed, hadoop);
    }

    /** A task source with changed settings; IllegalArgumentException for an unknown key. */
    public static SourceDescription changed(SourceDescription source, List<String> changes) {
        SortedMap<String, String> settings = new TreeMap<>(source.settings());
        for (String change : changes) {
            String key = change.substring(0, change.indexOf('='));
            if (settings.replace(key, change.substring(key.length() + 1)) == null) {
                throw new IllegalArgumentException(
                        "compare.fits has " + key + ", which task.source = " + source.source()
                                + " does not know; it must be one of " + String.join(", ", settings.keySet()));
            }
        }
        return new SourceDescription(source.source(), settings);
    }

    TrainingPlan plan() {
        return plan;
    }

    /** The source of single tasks. */
    TaskSource source() {
        return source.single();
    }

    EvaluationSettings evaluation() {
        return evaluation;
    }

    /** The layout of the tasks. */
    EpisodeLayout layout() {
        return layout;
    }

    /** Whether the prediction before the first step is independent of the task: of its support set and of its parameters. */
    boolean startsIndependentOfTask() {
        return !revealsParameters()
                && plan.algorithm().inner().isPresent()
                && plan.algorithm()
                        .member()
                        .parameters(plan.model(layout))
                        .names()
                        .containsAll(plan.model(layout).parameters().names());
    }

    /** Whether tasks are curves: one input, apart from revealed task parameters, and one output. */
    boolean drawsCurves() {
        return !layout.classification()
                && (layout.features().size() == 1 || revealsParameters())
                && layout.outputs() == 1;
    }

    private boolean revealsParameters() {
        return Boolean.parseBoolean(job.source().settings().get(ORACLE));
    }

    /** The x coordinates of a task's support or query examples: the first element of each input. */
    double[] coordinates(Outputs episodes, int task, String half) {
        double[] inputs = episodes.of(task, half);
        int width = layout.input().size();
        double[] coordinates = new double[inputs.length / width];
        Arrays.setAll(coordinates, i -> inputs[i * width]);
        return coordinates;
    }

    /** The first tasks of the evaluation with the layout of its first one; at most {@code count}, at least one. */
    List<TaskSpec> tasks(int count) {
        return first(count, Math.min(evaluation.tasks(), OVERSAMPLING * count));
    }

    /** The first {@code count} tasks of the evaluation's split and seed, also beyond its own number of tasks. */
    List<TaskSpec> manyTasks(int count) {
        return first(count, OVERSAMPLING * count);
    }

    private List<TaskSpec> first(int count, int among) {
        return sampler().range(0, 0, among).stream()
                .filter(spec -> source.layout(spec).equals(layout))
                .limit(count)
                .toList();
    }

    private Sampler sampler() {
        return new Sampler(source, evaluation.seed(), evaluation.split());
    }

    /** The episodes of tasks, by the names in {@link EpisodeLayout}. */
    Outputs episodes(List<TaskSpec> specs) {
        return run(EPISODE, COPY, specs);
    }

    /** The predictions for the tasks' queries after 0, 1, ... steps: {@code prediction}. */
    Outputs predictions(List<TaskSpec> specs) {
        return run(PREDICT, "", specs);
    }

    /** {@code loss} and, for classification, {@code accuracy} after 0, 1, ... steps. */
    Outputs evaluations(List<TaskSpec> specs) {
        return run(TrainingPlan.EVALUATE, "", specs);
    }

    /** The contributions of training tasks of a round to the meta-gradient of the first member, one vector for each task. */
    List<double[]> contributions(long round, int count) {
        Algorithm first = plan.algorithm().member();
        int members = plan.algorithm().members();
        Set<String> statistics = first.runningStatistics(plan.model()).keySet();
        List<Layout.Entry> trained = first.parameters(plan.model()).entries().stream()
                .filter(entry -> !statistics.contains(entry.name()))
                .toList();
        Sampler sampler = new Sampler(source.member(0), plan.algorithm().memberSeed(seed, 0), Split.TRAIN);
        List<double[]> contributions = new ArrayList<>();
        for (TaskSpec task : sampler.round(round, count)) {
            TaskSpec spec = task.withIndex(task.index() * members);
            double[] sums = cluster.run(new RoundRequest(TrainingPlan.TRAIN, List.of(spec), OutputMode.SUMS), theta)
                    .sum()
                    .sums()
                    .toDoubles();
            contributions.add(trained.stream()
                    .flatMapToDouble(entry -> Arrays.stream(
                            sums, entry.offset(), entry.offset() + entry.shape().size()))
                    .toArray());
        }
        return contributions;
    }

    private Outputs run(String program, String prefix, List<TaskSpec> specs) {
        double[] perTaskOutputs = cluster.run(new RoundRequest(program, specs, OutputMode.PER_TASK), theta)
                .perTaskOutputs();
        return new Outputs(job.program(program).perTask(), prefix, perTaskOutputs);
    }

    /** The per-task outputs of a program. */
    record Outputs(Layout layout, String prefix, double[] perTaskOutputs) {
        /** An output of a task, row-major. */
        double[] of(int task, String name) {
            int from = task * layout.size() + layout.offset(prefix + name);
            return Arrays.copyOfRange(
                    perTaskOutputs, from, from + layout.shape(prefix + name).size());
        }

        /** The extent of an output along its first axis. */
        int length(String name) {
            return layout.shape(prefix + name).dims()[0];
        }

        boolean has(String name) {
            return layout.has(prefix + name);
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
