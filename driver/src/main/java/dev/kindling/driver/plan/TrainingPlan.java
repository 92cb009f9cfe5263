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
 * The computation of a run, fixed before its first round: the model, the method, its programs, and the job that executors
 * receive. Two plans with equal hashes compute bitwise identical results from equal data and settings.
 */
public final class TrainingPlan {
    /** Name of the program for training tasks. */
    public static final String TRAIN = "train";
    /** Name of the program for training tasks of rounds before the one from which contributions are exact. */
    public static final String TRAIN_FIRST_ORDER = "train-first-order";
    /** Name of the program for evaluation tasks. */
    public static final String EVALUATE = "evaluate";
    /** Name of the program for validation tasks, in a run with validation. */
    public static final String VALIDATE = "validate";

    /** Parameter counts below which a block has 1 and 4 tasks; above both it has 8. */
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
        Stream.of(TRAIN, TRAIN_FIRST_ORDER, EVALUATE, VALIDATE)
                .filter(name -> job.programs().containsKey(name))
                .flatMap(name -> job.program(name).programs().stream())
                .map(Program::hash)
                .forEach(parts::add);
        parts.add(Integer.toString(job.blockSize()));
        parts.add(job.options().precision().name());
        int members = job.program(TRAIN).members();
        if (members > 1) {
            parts.add(members + " members");
        }
        return DigestUtils.sha256Hex(String.join("\n", parts));
    }

    /**
     * Plans a run, with a program for each task layout.
     *
     * @param description of the task source, for executors
     * @param source the same source, opened
     * @throws IllegalArgumentException if the settings contradict each other or the source
     */
    public static TrainingPlan of(PlanSettings settings, SourceDescription description, TaskSource source) {
        Algorithm algorithm = settings.algorithm();
        ModelsByLayout models = new ModelsByLayout(settings, algorithm, source);
        TreeMap<String, ProgramVariants> programs = new TreeMap<>();
        programs.put(TRAIN, models.programs(Split.TRAIN, algorithm::train, algorithm.members()));
        if (algorithm.trainFirstOrder(models.main(), source.layout(Split.TRAIN)).isPresent()) {
            programs.put(
                    TRAIN_FIRST_ORDER,
                    models.programs(
                            Split.TRAIN,
                            (model, layout) ->
                                    algorithm.trainFirstOrder(model, layout).orElseThrow(),
                            algorithm.members()));
        }
        programs.put(
                EVALUATE,
                models.programs(
                        settings.evaluationSplit(),
                        (model, layout) -> algorithm.evaluate(model, layout, settings.evaluationSteps()),
                        1));
        BackendSettings backend = settings.backend();
        int blockSize = blockSize(models.theta().size() / algorithm.members());
        Job job = new Job(description, backend.name(), backend.options(), blockSize, programs);
        return new TrainingPlan(models, algorithm, job);
    }

    /** The name of the program for the training tasks of a round, from 0. */
    public String trainingProgram(long round) {
        return round < algorithm.exactFromRound() && job.programs().containsKey(TRAIN_FIRST_ORDER)
                ? TRAIN_FIRST_ORDER
                : TRAIN;
    }

    /**
     * The same plan with a validation program, which evaluates one member of an ensemble.
     *
     * @param steps number of inner steps of a validation
     */
    public TrainingPlan validating(int steps) {
        TreeMap<String, ProgramVariants> programs = new TreeMap<>(job.programs());
        programs.put(
                VALIDATE,
                models.programs(
                        Split.VALIDATE, (model, layout) -> algorithm.member().evaluate(model, layout, steps), 1));
        return new TrainingPlan(
                models, algorithm, new Job(job.source(), job.backend(), job.options(), job.blockSize(), programs));
    }

    /** Tasks per block. Depends on the parameter count of one member only and not on the cluster, because it determines the order of summation. */
    public static int blockSize(int parameterCount) {
        if (parameterCount < SMALL) {
            return 1;
        }
        return parameterCount < MEDIUM ? 4 : 8;
    }

    /** The model for the largest training tasks; the others differ in their task layout only. */
    public Model model() {
        return models.main();
    }

    /**
     * The model for one task layout.
     *
     * @throws IllegalArgumentException if its θ would have other arrays than the plan's
     */
    public Model model(EpisodeLayout layout) {
        return models.of(layout);
    }

    public Algorithm algorithm() {
        return algorithm;
    }

    /** The job that executors receive. */
    public Job job() {
        return job;
    }

    /** Names and shapes of the arrays of θ. */
    public Layout parameters() {
        return models.theta();
    }

    /** The parameters that are running statistics of batches. */
    public RunningStatistics statistics() {
        return new RunningStatistics(parameters(), algorithm.runningStatistics(model()));
    }

    /** The per-task outputs of a training task: scalars. */
    public Layout trainingMeasures() {
        return job.program(TRAIN).perTask();
    }

    /** The per-task outputs of an evaluation task: one value for each number of inner steps. */
    public Layout evaluationMeasures() {
        return job.program(EVALUATE).perTask();
    }

    /** The per-task outputs of a validation task: one value for each number of inner steps. */
    public Layout validationMeasures() {
        return job.program(VALIDATE).perTask();
    }

    public Precision precision() {
        return job.options().precision();
    }

    /**
     * The initial θ: a pure function of the seed and, for methods that fit it to training tasks, of the data.
     *
     * @param source of the plan's tasks
     */
    public FlatVector untrained(long seed, TaskSource source) {
        FlatVector theta = FlatVector.zeros(precision(), parameters().size());
        algorithm.initialise(model(), seed, theta);
        algorithm.fitInitial(model(), source, seed, theta);
        return theta;
    }

    /** SHA-256 in hexadecimal of programs, block size and precision, which determine the bits of a run. */
    public String hash() {
        return hash;
    }
}
