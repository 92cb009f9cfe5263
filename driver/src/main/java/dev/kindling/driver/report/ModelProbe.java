package dev.kindling.driver.report;

import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
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
 * A trained model and its tasks in this JVM: runs the plan's programs on a handful of tasks, and two more, one that predicts and
 * one that hands out the episode itself. Not thread-safe.
 */
public final class ModelProbe implements AutoCloseable {
    private static final String PREDICT = "predict";
    private static final String EPISODE = "episode";
    /** In the programs' names of episodes' arrays, which outputs may not have. */
    private static final String COPY = "copy.";
    /** Whether inputs tell a task's curve behind x. */
    private static final String ORACLE = "sinusoid.oracle";
    /** Among so many times the tasks that are wanted there are enough of one shape. */
    private static final int SPARE = 8;

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
     * A workbench; compiles its programs.
     *
     * @param source the plan's, opened
     * @param theta θ of the plan
     * @param evaluation which tasks are looked at
     * @param seed the run's, for training tasks
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

    /** A program that gives what it is given. */
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
     * The same model on other tasks.
     *
     * @param changes {@code key=value} each, of settings of the task source
     * @throws IllegalArgumentException if the source has no such key, or cannot be so
     */
    public ModelProbe with(List<String> changes) {
        SourceDescription changed = changed(plan.job().source(), changes);
        return new ModelProbe(plan, changed, TaskSources.open(changed, hadoop), theta, evaluation, seed, hadoop);
    }

    /** A task source with other settings; IllegalArgumentException if it does not know one of them. */
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

    /** The shape of the tasks that are looked at. */
    EpisodeLayout layout() {
        return layout;
    }

    /** Whether what is predicted before the first step knows nothing of the task: neither by its support set nor by its inputs. */
    boolean startsBlind() {
        return !isTold()
                && plan.algorithm().inner().isPresent()
                && plan.parameters()
                        .names()
                        .containsAll(plan.model(layout).parameters().names());
    }

    /** Whether tasks are curves: one number in, beside what an oracle is told, and one number out. */
    boolean drawsCurves() {
        return !layout.classification() && (layout.features().size() == 1 || isTold()) && layout.outputs() == 1;
    }

    private boolean isTold() {
        return Boolean.parseBoolean(job.source().settings().get(ORACLE));
    }

    /** Where the curve of a task is asked: the first number of each input of one half of its episode. */
    double[] across(Outputs episodes, int task, String half) {
        double[] inputs = episodes.of(task, half);
        int width = layout.features().size();
        double[] across = new double[inputs.length / width];
        Arrays.setAll(across, i -> inputs[i * width]);
        return across;
    }

    /** The first tasks of the evaluation that have the shape of its very first; at most so many, at least one. */
    List<TaskSpec> tasks(int count) {
        return first(count, Math.min(evaluation.tasks(), SPARE * count));
    }

    /** So many tasks of the evaluation's split and seed, whatever count of them it takes itself. */
    List<TaskSpec> manyTasks(int count) {
        return first(count, SPARE * count);
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

    /** Support and query of tasks, by the names of {@link EpisodeLayout}. */
    Outputs episodes(List<TaskSpec> specs) {
        return run(EPISODE, COPY, specs);
    }

    /** What is predicted for the tasks' queries after 0, 1, ... steps: {@code prediction}. */
    Outputs predictions(List<TaskSpec> specs) {
        return run(PREDICT, "", specs);
    }

    /** {@code loss} and perhaps {@code accuracy} after 0, 1, ... steps. */
    Outputs evaluations(List<TaskSpec> specs) {
        return run(TrainingPlan.EVALUATE, "", specs);
    }

    /** What so many training tasks, of the round after the last, would contribute to θ. */
    List<double[]> contributions(long round, int count) {
        Set<String> followers = plan.algorithm().runningStatistics(plan.model()).keySet();
        List<Layout.Entry> trained = plan.parameters().entries().stream()
                .filter(entry -> !followers.contains(entry.name()))
                .toList();
        List<double[]> contributions = new ArrayList<>();
        for (TaskSpec spec : new Sampler(source, seed, Split.TRAIN).round(round, count)) {
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
        double[] rows = cluster.run(new RoundRequest(program, specs, OutputMode.PER_TASK), theta)
                .perTaskOutputs();
        return new Outputs(job.program(program).perTask(), prefix, rows);
    }

    /** What a program gave for each task. */
    record Outputs(Layout layout, String prefix, double[] rows) {
        /** One output of one task, row-major. */
        double[] of(int task, String name) {
            int from = task * layout.size() + layout.offset(prefix + name);
            return Arrays.copyOfRange(
                    rows, from, from + layout.shape(prefix + name).size());
        }

        /** How many entries it has along its first axis. */
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
