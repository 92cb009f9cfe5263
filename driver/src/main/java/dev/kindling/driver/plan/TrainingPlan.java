package dev.kindling.driver.plan;

import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * What a run computes, fixed before its first round: the model, the method, its programs, and the job that executors get. Its hash says whether two runs compute the same.
 */
public final class TrainingPlan {
    /** Name of the program of a training task. */
    public static final String TRAIN = "train";
    /** Name of the program of an evaluation task. */
    public static final String EVALUATE = "evaluate";
    /** Name of the program of a validation task, in a run that validates. */
    public static final String VALIDATE = "validate";

    /** Below these counts of numbers of θ a block has 1 and 4 tasks, else 8. */
    private static final int SMALL = 16_384;

    private static final int MEDIUM = 1_048_576;

    private final ModelsByLayout models;
    private final Algorithm algorithm;
    private final Job job;
    private final String hash;

    private TrainingPlan(ModelsByLayout models, Algorithm algorithm, Job job) {
        this.models = models;
        this.algorithm = algorithm;
        this.job = job;
        this.hash = hash(job);
    }

    private static String hash(Job job) {
        List<String> parts = new ArrayList<>();
        Stream.of(TRAIN, EVALUATE, VALIDATE)
                .filter(name -> job.programs().containsKey(name))
                .flatMap(name -> job.program(name).programs().stream())
                .map(Program::hash)
                .forEach(parts::add);
        parts.add(Integer.toString(job.blockSize()));
        parts.add(job.options().precision().name());
        return DigestUtils.sha256Hex(String.join("\n", parts));
    }

    /**
     * Plans a run: a program for each shape that tasks may have.
     *
     * @param description of the source, for executors
     * @param source the same source, opened
     * @throws IllegalArgumentException if the settings do not fit each other or the source
     */
    public static TrainingPlan of(PlanSettings settings, SourceDescription description, TaskSource source) {
        Algorithm algorithm = settings.algorithm();
        ModelsByLayout models = new ModelsByLayout(settings, algorithm, source);
        TreeMap<String, ProgramVariants> programs = new TreeMap<>();
        programs.put(TRAIN, models.programs(Split.TRAIN, algorithm::train));
        programs.put(
                EVALUATE,
                models.programs(
                        settings.evaluationSplit(),
                        (model, layout) -> algorithm.evaluate(model, layout, settings.evaluationSteps())));
        BackendSettings backend = settings.backend();
        int blockSize = blockSize(models.theta().size());
        Job job = new Job(description, backend.name(), backend.options(), blockSize, programs);
        return new TrainingPlan(models, algorithm, job);
    }

    /**
     * The same plan of a run that validates.
     *
     * @param steps inner steps after which a validation measures
     */
    public TrainingPlan validating(int steps) {
        TreeMap<String, ProgramVariants> programs = new TreeMap<>(job.programs());
        programs.put(
                VALIDATE, models.programs(Split.VALIDATE, (model, layout) -> algorithm.evaluate(model, layout, steps)));
        return new TrainingPlan(
                models, algorithm, new Job(job.source(), job.backend(), job.options(), job.blockSize(), programs));
    }

    /** Tasks of one block for a θ of the given count of numbers: fixed here, never by the cluster. */
    public static int blockSize(int numbers) {
        if (numbers < SMALL) {
            return 1;
        }
        return numbers < MEDIUM ? 4 : 8;
    }

    /** The model; of several, which differ in the shapes of tasks alone, that of the largest training tasks. */
    public Model model() {
        return models.main();
    }

    /**
     * The model for tasks of one shape.
     *
     * @throws IllegalArgumentException if its θ would not be that of the plan
     */
    public Model model(EpisodeLayout layout) {
        return models.of(layout);
    }

    public Algorithm algorithm() {
        return algorithm;
    }

    /** What executors get. */
    public Job job() {
        return job;
    }

    /** The arrays of θ. */
    public Layout parameters() {
        return models.theta();
    }

    /** The numbers of θ that follow statistics of batches. */
    public RunningStatistics statistics() {
        return new RunningStatistics(parameters(), algorithm.runningStatistics(model()));
    }

    /** What a training task reports beside its meta-gradient: scalars. */
    public Layout trainingMeasures() {
        return job.program(TRAIN).perTask();
    }

    /** What an evaluation task reports: one number for each step. */
    public Layout evaluationMeasures() {
        return job.program(EVALUATE).perTask();
    }

    /** What a validation task reports: one number for each step. */
    public Layout validationMeasures() {
        return job.program(VALIDATE).perTask();
    }

    public Precision precision() {
        return job.options().precision();
    }

    /** θ before the first round: a pure function of the seed. */
    public FlatVector untrained(long seed) {
        FlatVector theta = FlatVector.zeros(precision(), parameters().size());
        algorithm.initialise(model(), seed, theta);
        return theta;
    }

    /** SHA-256, in hexadecimal, of what decides the bits of a run: programs, block size and precision. */
    public String hash() {
        return hash;
    }
}
