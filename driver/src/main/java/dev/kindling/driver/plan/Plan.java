package dev.kindling.driver.plan;

import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.Algorithms;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Models;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * What a run computes, fixed before its first round: the model, the method, its programs, and the job that executors get. Its hash says whether two runs compute the same.
 */
public final class Plan {
    /** Name of the program of a training task. */
    public static final String TRAIN = "train";
    /** Name of the program of an evaluation task. */
    public static final String EVALUATE = "evaluate";
    /** Name of the program of a validation task, in a run that validates. */
    public static final String VALIDATE = "validate";

    /** Below these counts of numbers of θ a block has 1 and 4 tasks, else 8. */
    private static final int SMALL = 16_384;

    private static final int MEDIUM = 1_048_576;

    private final Model model;
    private final Algorithm algorithm;
    private final Job job;
    private final String hash;

    private Plan(Model model, Algorithm algorithm, Job job) {
        this.model = model;
        this.algorithm = algorithm;
        this.job = job;
        this.hash = hash(job);
    }

    private static String hash(Job job) {
        List<String> parts = new ArrayList<>();
        Stream.of(TRAIN, EVALUATE, VALIDATE)
                .filter(name -> job.programs().containsKey(name))
                .forEach(name -> parts.add(job.program(name).hash()));
        parts.add(Integer.toString(job.blockSize()));
        parts.add(job.options().precision().name());
        return DigestUtils.sha256Hex(String.join("\n", parts));
    }

    /**
     * Plans a run.
     *
     * @param description of the source, for executors
     * @param source the same source, opened
     * @throws IllegalArgumentException if the settings do not fit each other or the source
     */
    public static Plan of(PlanSettings settings, SourceDescription description, TaskSource source) {
        refuseVarying(settings, source);
        Algorithm algorithm = Algorithms.named(settings.algorithm(), settings.inner());
        Model model = Models.of(settings.model(), source.layout(Purpose.TRAIN));
        Program train = algorithm.train(model, source.layout(Purpose.TRAIN));
        Program evaluate =
                algorithm.evaluate(model, source.layout(settings.evaluationSplit()), settings.evaluationSteps());
        TreeMap<String, Program> programs = new TreeMap<>();
        programs.put(TRAIN, train);
        programs.put(EVALUATE, evaluate);
        BackendSettings backend = settings.backend();
        int blockSize = blockSize(algorithm.parameters(model).size());
        Job job = new Job(description, backend.name(), backend.options(), blockSize, programs);
        return new Plan(model, algorithm, job);
    }

    private static void refuseVarying(PlanSettings settings, TaskSource source) {
        source.varying().stream().findFirst().ifPresent(clause -> {
            throw new IllegalArgumentException(clause + "; it must be one number, for "
                    + settings.model().network() + " has an output layer of a fixed width and " + settings.algorithm()
                    + " a program of fixed shapes");
        });
    }

    /**
     * The same plan of a run that validates.
     *
     * @param source as it was given before
     * @param steps inner steps after which a validation measures
     */
    public Plan validating(TaskSource source, int steps) {
        TreeMap<String, Program> programs = new TreeMap<>(job.programs());
        programs.put(VALIDATE, algorithm.evaluate(model, source.layout(Purpose.VALIDATE), steps));
        return new Plan(
                model, algorithm, new Job(job.source(), job.backend(), job.options(), job.blockSize(), programs));
    }

    /** Tasks of one block for a θ of the given count of numbers: fixed here, never by the cluster. */
    public static int blockSize(int numbers) {
        if (numbers < SMALL) {
            return 1;
        }
        return numbers < MEDIUM ? 4 : 8;
    }

    public Model model() {
        return model;
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
        return algorithm.parameters(model);
    }

    /** The numbers of θ that follow statistics of batches. */
    public RunningStatistics statistics() {
        return new RunningStatistics(parameters(), model.statistics());
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
    public Storage untrained(long seed) {
        Storage theta = Storage.zeros(precision(), parameters().size());
        algorithm.initialise(model, seed, theta);
        return theta;
    }

    /** SHA-256, in hexadecimal, of what decides the bits of a run: programs, block size and precision. */
    public String hash() {
        return hash;
    }
}
