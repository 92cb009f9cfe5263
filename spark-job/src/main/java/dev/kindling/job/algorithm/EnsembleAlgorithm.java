package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * An ensemble of models that one method learns, with different seeds and, where a task source has folds, from different groups:
 * Lakshminarayanan, Pritzel and Blundell (NeurIPS 2017). θ holds the arrays of all members ({@link EnsembleLayout}). Each member
 * is trained by the method's own program; a prediction combines those of all members:
 *
 * <pre>
 * regression:      mean = the mean of the means; variance = the mean of the variances + the variance of the means
 * classification:  logits = log of the mean over members of softmax(logits)
 * </pre>
 *
 * <p>so the losses and accuracies of an evaluation are those of the combined prediction.
 */
public final class EnsembleAlgorithm implements Algorithm {
    /** The key of the number of members. */
    public static final String KEY = "run.members";

    private static final long SEEDS = 0x6d656d626572L;
    private static final String PREDICTION = "prediction";
    private static final String VARIANCE = "variance";

    private final Algorithm member;
    private final int members;

    private EnsembleAlgorithm(Algorithm member, int members) {
        this.member = member;
        this.members = members;
    }

    /**
     * An ensemble of the given number of members; the method itself for one.
     *
     * @throws IllegalArgumentException if there is no member, or the method cannot be a member
     */
    public static Algorithm of(Algorithm member, int members) {
        if (members < 1) {
            throw new IllegalArgumentException(KEY + " is " + members + "; it must be at least 1");
        }
        if (members == 1) {
            return member;
        }
        if (member.averaging().isPresent() || member.claim() == Claim.NOTHING) {
            throw alone(member, members, "whose parameters no meta-optimizer updates");
        }
        if (!member.predictsForTheModelsLoss()) {
            throw alone(member, members, "whose predictions are neither means nor logits");
        }
        return new EnsembleAlgorithm(member, members);
    }

    private static IllegalArgumentException alone(Algorithm member, int members, String reason) {
        return new IllegalArgumentException(
                KEY + " is " + members + "; it must be 1 with algorithm.name = " + member.name() + ", " + reason);
    }

    @Override
    public Algorithm member() {
        return member;
    }

    @Override
    public int members() {
        return members;
    }

    @Override
    public long memberSeed(long seed, int number) {
        return RandomStream.seed(seed, SEEDS, number);
    }

    @Override
    public String name() {
        return member.name();
    }

    @Override
    public Claim claim() {
        return member.claim();
    }

    @Override
    public long exactFromRound() {
        return member.exactFromRound();
    }

    @Override
    public Layout parameters(Model model) {
        return EnsembleLayout.of(member.parameters(model), members);
    }

    @Override
    public void initialise(Model model, long seed, FlatVector target) {
        forEachPart(
                target,
                IntStream.range(0, members),
                (number, part) -> member.initialise(model, memberSeed(seed, number), part));
    }

    @Override
    public void fitInitial(Model model, TaskSource source, long seed, FlatVector theta) {
        forEachPart(
                theta,
                // Members differ in all that a fit works on, and it may take seconds.
                IntStream.range(0, members).parallel(),
                (number, part) -> member.fitInitial(model, source.member(number), memberSeed(seed, number), part));
    }

    /** Applies a change to each member's part of θ. */
    private void forEachPart(FlatVector theta, IntStream numbers, BiConsumer<Integer, FlatVector> change) {
        numbers.forEach(number -> {
            FlatVector part = EnsembleLayout.part(theta, number, members);
            change.accept(number, part);
            theta.copyFrom(part, 0, number * part.size(), part.size());
        });
    }

    @Override
    public boolean fitsInitial() {
        return member.fitsInitial();
    }

    @Override
    public Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> rates = new TreeMap<>();
        member.runningStatistics(model).forEach((array, rate) -> {
            for (int number = 0; number < members; number++) {
                rates.put(EnsembleLayout.name(number, array), rate);
            }
        });
        return rates;
    }

    @Override
    public int steps() {
        return member.steps();
    }

    @Override
    public Optional<InnerSettings> inner() {
        return member.inner();
    }

    @Override
    public boolean usesPlainGradientDescent() {
        return member.usesPlainGradientDescent();
    }

    @Override
    public Optional<String> interpolationRateKey() {
        return member.interpolationRateKey();
    }

    /** Refuses methods that compute a contribution from several tasks. */
    @Override
    public int tasksPerContribution(int tasksPerRound) {
        int tasks = member.tasksPerContribution(tasksPerRound);
        if (tasks > 1) {
            throw alone(member, members, "that computes a contribution from " + tasks + " tasks");
        }
        return tasks;
    }

    /** The program of a member: a job runs it with the part of θ of the member that a task belongs to. */
    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return member.train(model, layout);
    }

    @Override
    public Optional<Program> trainFirstOrder(Model model, EpisodeLayout layout) {
        return member.trainFirstOrder(model, layout);
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int steps) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> inputs = new LinkedHashMap<>();
        Map<String, Value> predicted = predictions(b, inputs, model, layout, steps);
        Batch query = Batch.query(inputs);
        Value outputs = NamedValues.value(predicted, PREDICTION);
        Map<String, List<Value>> scores = new LinkedHashMap<>();
        for (int step = 0; step < outputs.shape().dim(0); step++) {
            Value output = b.reshape(
                    b.slice(outputs, 0, step, step + 1),
                    Shape.of(outputs.shape().dim(1), outputs.shape().dim(2)));
            add(b, scores, "loss", model.loss(b, output, query.targets()));
            model.accuracy(b, output, query.targets()).ifPresent(accuracy -> add(b, scores, "accuracy", accuracy));
        }
        Map<String, Value> curves = new LinkedHashMap<>();
        scores.forEach((measure, values) -> curves.put(measure, b.concat(0, values)));
        return b.build(name() + "-ensemble-evaluate", NamedValues.outputs(curves, Program.Reduction.PER_TASK));
    }

    private static void add(ProgramBuilder b, Map<String, List<Value>> scores, String measure, Value score) {
        scores.computeIfAbsent(measure, key -> new ArrayList<>())
                .add(b.reshape(score, score.shape().stacked(1)));
    }

    @Override
    public Program predict(Model model, EpisodeLayout layout, int steps) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> predicted = predictions(b, new LinkedHashMap<>(), model, layout, steps);
        return b.build(name() + "-ensemble-predict", NamedValues.outputs(predicted, Program.Reduction.PER_TASK));
    }

    /**
     * The combined predictions: the outputs of {@link Algorithm#predict} by name.
     *
     * @param inputs receives the task inputs of the program by name
     */
    private Map<String, Value> predictions(
            ProgramBuilder b, Map<String, Value> inputs, Model model, EpisodeLayout layout, int steps) {
        Program predict = member.predict(model, layout, steps);
        Map<String, Value> theta =
                NamedValues.declare(b, EnsembleLayout.of(predict.broadcastInputs(), members), Program.Scope.BROADCAST);
        inputs.putAll(NamedValues.declare(b, predict.taskInputs(), Program.Scope.TASK));
        List<String> names =
                predict.outputs().stream().map(Program.Output::name).toList();
        Map<String, List<Value>> ofMembers = new LinkedHashMap<>();
        for (int number = 0; number < members; number++) {
            List<Value> arguments = new ArrayList<>();
            for (Program.Input input : predict.inputs()) {
                arguments.add(
                        input.scope() == Program.Scope.BROADCAST
                                ? NamedValues.value(theta, EnsembleLayout.name(number, input.name()))
                                : NamedValues.value(inputs, input.name()));
            }
            List<Value> outputs = b.inline(predict, arguments);
            for (int i = 0; i < names.size(); i++) {
                ofMembers
                        .computeIfAbsent(names.get(i), key -> new ArrayList<>())
                        .add(outputs.get(i));
            }
        }
        List<Value> outputs = ofMembers.getOrDefault(PREDICTION, List.of());
        Map<String, Value> combined = new LinkedHashMap<>();
        combined.put(PREDICTION, layout.classification() ? logMean(b, outputs) : mean(b, outputs));
        List<Value> variances = ofMembers.getOrDefault(VARIANCE, List.of());
        if (!variances.isEmpty()) {
            combined.put(
                    VARIANCE,
                    b.add(
                            mean(b, variances),
                            spread(b, outputs, variances.get(0).shape())));
        }
        return combined;
    }

    private static Value mean(ProgramBuilder b, List<Value> values) {
        Value sum = values.get(0);
        for (Value value : values.subList(1, values.size())) {
            sum = b.add(sum, value);
        }
        return b.div(sum, b.constant(values.size()));
    }

    /** The variance of the members' means, reshaped. */
    private static Value spread(ProgramBuilder b, List<Value> means, Shape shape) {
        Value mean = mean(b, means);
        List<Value> squares =
                means.stream().map(each -> b.square(b.sub(each, mean))).toList();
        return b.reshape(mean(b, squares), shape);
    }

    /** The logarithm of the mean of the members' class probabilities, without overflow; outputs [..., classes]. */
    private static Value logMean(ProgramBuilder b, List<Value> logits) {
        Shape shape = logits.get(0).shape();
        int classes = shape.dim(shape.rank() - 1);
        int rows = shape.size() / classes;
        List<Value> columns = new ArrayList<>();
        for (Value each : logits) {
            columns.add(b.reshape(
                    logSoftmax(b, b.reshape(each, Shape.of(rows, classes))), Shape.of(rows * classes, 1)));
        }
        Value all = b.concat(1, columns);
        Value largest = b.reshape(b.max(all), Shape.of(rows * classes, 1));
        Value mean = b.mean(b.exp(b.sub(all, largest)), 1);
        return b.reshape(b.add(b.log(mean), b.reshape(largest, mean.shape())), shape);
    }

    private static Value logSoftmax(ProgramBuilder b, Value logits) {
        Shape column = Shape.of(logits.shape().dim(0), 1);
        Value shifted = b.sub(logits, b.reshape(b.max(logits), column));
        return b.sub(shifted, b.reshape(b.log(b.sum(b.exp(shifted), 1)), column));
    }
}
