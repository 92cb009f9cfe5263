package dev.kindling.driver.check;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.ProgramProbe;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.driver.check.reference.TaskContext;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Checks a configuration at one θ and one task: the training program's losses against the same task computed step by step
 * ({@link Reference}), its contribution against numerical derivatives of that computation and against the method's claim,
 * that every array of θ changes in a round, and the task source's checks of its data.
 */
public final class Checker {
    private static final String QUERY_LOSS = "query_loss";
    private static final String SUPPORT_LOSS = "support_loss";
    private static final String ACCURACY = "query_accuracy";
    private static final String OBJECTIVE = "objective";
    private static final String RESIDUAL = "residual";
    private static final long ROUND = 0;
    /** Number of tasks of each split whose data is checked. */
    private static final int DATA_CHECK_TASKS = 100;

    private final CheckTarget target;
    private final TaskSpec spec;
    private final long methodRound;
    private final EpisodeLayout layout;
    private final Program train;
    private final Executable executable;

    /** A checker of one configuration on one task; compiles the training program. */
    public Checker(CheckTarget target, TaskChoice choice) {
        this.target = target;
        this.spec = choice.spec(target.source(), target.round().seed());
        this.methodRound = choice.methodRound(target.algorithm(), target.round().rounds());
        this.layout = target.source().layout(spec);
        this.train = target.algorithm().train(target.model(), layout, methodRound);
        this.executable = compile(train);
    }

    private Executable compile(Program program) {
        return target.backend().compile(program, target.options());
    }

    /** Names and shapes of the arrays of θ. */
    public Layout parameters() {
        return train.sums();
    }

    /** Names and shapes of the arrays of an episode. */
    public Layout episodeArrays() {
        return layout.arrays();
    }

    /** The episode of the task, in double. */
    public FlatVector episode() {
        return episode(spec);
    }

    private FlatVector episode(TaskSpec task) {
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        target.source().materialise(task, episode, 0);
        return episode;
    }

    private Sampler sampler(Split split) {
        return new Sampler(target.source(), target.round().seed(), split);
    }

    /**
     * Checks the task.
     *
     * @param theta in double, in the layout {@link #parameters}
     * @param episode in double, in the layout {@link #episodeArrays}
     */
    public CheckReport check(FlatVector theta, FlatVector episode) {
        NamedArrays arrays = NamedArrays.of(layout.arrays(), episode);
        ProgramProbe.Outputs outputs =
                probe(executable, arrays, methodRound, spec).at(theta);
        NamedArrays at = NamedArrays.of(parameters(), theta);
        Optional<Reference> reference = target.reference().map(method -> method.on(context(arrays)));
        Optional<Reference.Outcome> outcome = reference.map(found -> found.at(at));
        OrderEstimate estimate = estimate(theta, arrays, outputs, reference);
        List<CheckResult> results = new ArrayList<>();
        outcome.ifPresent(expected -> results.add(agreement(outputs, expected)));
        results.add(claim(at, outputs, estimate, reference));
        statistics(at, outputs, reference).ifPresent(results::add);
        return new CheckReport(
                new CheckReport.Task(spec.key(), methodRound, layout),
                estimate,
                measures(outputs),
                outcome,
                results,
                outputs.sums());
    }

    /**
     * The checks that do not depend on the chosen task.
     *
     * @param theta in double, in the layout {@link #parameters}
     */
    public List<CheckResult> checkConfiguration(FlatVector theta) {
        List<CheckResult> results = new ArrayList<>();
        movement(theta).ifPresent(results::add);
        results.addAll(dataChecks());
        return results;
    }

    private TaskContext context(NamedArrays episode) {
        return new TaskContext(target.model(), layout, parameters(), episode, spec.key(), methodRound, this::probe);
    }

    private ProgramProbe probe(Program program) {
        return new ProgramProbe(compile(program));
    }

    private static ProgramProbe probe(Executable program, NamedArrays episode, long round, TaskSpec task) {
        ProgramProbe probe = new ProgramProbe(program);
        probe.setAll(episode);
        probe.set(EpisodeLayout.ROUND, (double) round);
        probe.set(
                EpisodeLayout.KEY,
                IntStream.of(task.key()).mapToDouble(part -> part).toArray());
        return probe;
    }

    private Map<String, Double> measures(ProgramProbe.Outputs outputs) {
        Map<String, Double> measures = new LinkedHashMap<>();
        train.perTask().names().forEach(name -> measures.put(name, outputs.scalar(name)));
        measures.putIfAbsent(OBJECTIVE, outputs.scalar(QUERY_LOSS));
        return measures;
    }

    /** Compares the losses of the training program with those of the step-by-step computation. */
    private CheckResult agreement(ProgramProbe.Outputs outputs, Reference.Outcome expected) {
        double error = Math.max(
                difference(outputs.scalar(QUERY_LOSS), expected.queryLoss()),
                difference(outputs.scalar(SUPPORT_LOSS), expected.supportLoss()));
        if (outputs.has(OBJECTIVE)) {
            error = Math.max(error, difference(outputs.scalar(OBJECTIVE), expected.objective()));
        }
        if (outputs.has(ACCURACY)) {
            error = Math.max(
                    error,
                    difference(outputs.scalar(ACCURACY), expected.accuracy().orElse(Double.NaN)));
        }
        return new CheckResult(
                "the losses are those of adaptation step by step",
                error < DirectionalDerivatives.TOLERANCE,
                String.format(Locale.ROOT, "largest relative error %.1e", error));
    }

    private static double difference(double found, double expected) {
        double difference = Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-3);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }

    private OrderEstimate estimate(
            FlatVector theta, NamedArrays episode, ProgramProbe.Outputs outputs, Optional<Reference> reference) {
        Claim claim = target.algorithm().claim();
        if (claim == Claim.DELTA || claim == Claim.NOTHING) {
            return new OrderEstimate(Map.of(), Optional.empty());
        }
        FlatVector contribution = ofTrained(outputs.sums());
        ToDoubleFunction<FlatVector> objective =
                reference.map(found -> stepwise(found, theta)).orElseGet(() -> ofProgram(episode));
        Map<String, ArrayError> exact = new DirectionalDerivatives(
                        objective,
                        trained().stream().map(DirectionalDerivatives.Part::of).toList(),
                        target.round().seed())
                .errors(theta, contribution);
        return new OrderEstimate(exact, reference.flatMap(found -> firstOrder(theta, outputs.summed(), found)));
    }

    private ToDoubleFunction<FlatVector> stepwise(Reference reference, FlatVector theta) {
        ToDoubleFunction<NamedArrays> objective = reference.smoothObjective(NamedArrays.of(parameters(), theta));
        return other -> objective.applyAsDouble(NamedArrays.of(parameters(), other));
    }

    /** The training program's own objective, for a method without a reference; its kinks are unknown. */
    private ToDoubleFunction<FlatVector> ofProgram(NamedArrays episode) {
        String name = train.perTask().has(OBJECTIVE) ? OBJECTIVE : QUERY_LOSS;
        List<Program.Output> outputs = train.outputs().stream()
                .filter(output -> output.name().equals(name))
                .toList();
        Program only = new Program(train.name(), train.inputs(), outputs);
        ProgramProbe probe = probe(compile(only), episode, methodRound, spec);
        return theta -> probe.at(theta).scalar(name);
    }

    private Optional<OrderEstimate.FirstOrderComparison> firstOrder(
            FlatVector theta, NamedArrays contribution, Reference reference) {
        return reference.firstOrder(NamedArrays.of(parameters(), theta)).map(gradient -> {
            double floor =
                    1e-3 * gradient.norm() / Math.sqrt(parameters().entries().size());
            Map<String, Double> errors = new LinkedHashMap<>();
            for (String name : gradient.names()) {
                errors.put(name, relative(contribution, gradient.only(List.of(name)), floor));
            }
            return new OrderEstimate.FirstOrderComparison(errors, relative(contribution, gradient, 0));
        });
    }

    /** The distance of a contribution's arrays to the expected ones, relative to the norm of these. */
    private static double relative(NamedArrays contribution, NamedArrays expected, double floor) {
        double difference = expected.plus(-1, contribution).norm();
        return difference == 0 ? 0 : difference / Math.max(floor, expected.norm());
    }

    private CheckResult claim(
            NamedArrays theta, ProgramProbe.Outputs outputs, OrderEstimate estimate, Optional<Reference> reference) {
        NamedArrays contribution = outputs.summed();
        return Claims.check(
                target.algorithm().claim(),
                contribution,
                estimate,
                residual(theta, outputs, reference),
                deltaError(theta, contribution, reference));
    }

    private Claims.Residual residual(NamedArrays theta, ProgramProbe.Outputs outputs, Optional<Reference> reference) {
        OptionalDouble reported =
                outputs.has(RESIDUAL) ? OptionalDouble.of(outputs.scalar(RESIDUAL)) : OptionalDouble.empty();
        OptionalDouble measured = reported.isPresent() && reference.isPresent()
                ? reference.get().residual(theta, outputs.summed())
                : OptionalDouble.empty();
        return new Claims.Residual(reported, measured);
    }

    private OptionalDouble deltaError(NamedArrays theta, NamedArrays contribution, Optional<Reference> reference) {
        if (target.algorithm().claim() != Claim.DELTA
                || target.algorithm().averaging().isPresent()
                || reference.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(largest(contribution, reference.get().known(theta)));
    }

    private static double largest(NamedArrays contribution, NamedArrays expected) {
        double floor = 1e-6 * expected.norm();
        return expected.names().stream()
                .mapToDouble(name -> relative(contribution, expected.only(List.of(name)), floor))
                .max()
                .orElse(0);
    }

    /** Checks the running statistics, in a method whose other arrays follow a gradient. */
    private Optional<CheckResult> statistics(
            NamedArrays theta, ProgramProbe.Outputs outputs, Optional<Reference> reference) {
        if (target.algorithm().claim() == Claim.DELTA || target.algorithm().claim() == Claim.NOTHING) {
            return Optional.empty();
        }
        return reference
                .map(found -> found.known(theta))
                .filter(known -> !known.names().isEmpty())
                .map(known -> {
                    double error = largest(outputs.summed(), known);
                    return new CheckResult(
                            "statistics follow those of the query pass",
                            error < DirectionalDerivatives.TOLERANCE,
                            String.format(
                                    Locale.ROOT,
                                    "largest relative error %.1e over %d arrays",
                                    error,
                                    known.names().size()));
                });
    }

    /** The arrays of θ that follow a gradient. */
    private List<Layout.Entry> trained() {
        return parameters().entries().stream()
                .filter(entry ->
                        !target.algorithm().runningStatistics(target.model()).containsKey(entry.name()))
                .toList();
    }

    /** A meta-gradient with zeros for the arrays of θ that are running statistics. */
    private FlatVector ofTrained(FlatVector sums) {
        FlatVector gradient = FlatVector.zeros(Precision.DOUBLE, sums.size());
        trained()
                .forEach(entry -> gradient.copyFrom(
                        sums, entry.offset(), entry.offset(), entry.shape().size()));
        return gradient;
    }

    /**
     * Runs one round at θ with its tasks of the checked layout and checks that every array changes; empty if θ is not meant to
     * change.
     */
    private Optional<CheckResult> movement(FlatVector theta) {
        CheckTarget.Round round = target.round();
        List<TaskSpec> specs = sampler(Split.TRAIN).round(ROUND, round.tasks()).stream()
                .filter(task -> target.source().layout(task).equals(layout))
                .toList();
        if (target.algorithm().claim() == Claim.NOTHING || specs.isEmpty()) {
            return Optional.empty();
        }
        FlatVector sums = FlatVector.zeros(Precision.DOUBLE, train.sums().size());
        double[] perTaskSums = new double[train.perTask().size()];
        for (TaskSpec task : specs) {
            NamedArrays episode = NamedArrays.of(layout.arrays(), episode(task));
            ProgramProbe.Outputs outputs =
                    probe(executable, episode, ROUND, task).at(theta);
            IntStream.range(0, sums.size())
                    .forEach(i -> sums.set(i, sums.at(i) + outputs.sums().at(i)));
            IntStream.range(0, perTaskSums.length).forEach(i -> perTaskSums[i] += outputs.perTask()[i]);
        }
        MetaGradient gradient = round.aggregator()
                .aggregate(ROUND, new PartialSum(0, 0, sums, perTaskSums, specs.size()), train.perTask());
        FlatVector moved = theta.copy();
        FlatVector statistics = round.aggregator().statistics().next(gradient, theta);
        new MetaOptimizer(
                        round.optimizer(),
                        round.rounds(),
                        parameters(),
                        Precision.DOUBLE,
                        target.backend().name())
                .update(ROUND, gradient.gradient(), moved);
        round.aggregator().statistics().put(statistics, moved);
        return Optional.of(movement(specs.size(), theta, moved));
    }

    private CheckResult movement(int tasks, FlatVector before, FlatVector after) {
        List<String> unchanged = parameters().entries().stream()
                .filter(entry -> IntStream.range(
                                entry.offset(), entry.offset() + entry.shape().size())
                        .allMatch(i -> before.at(i) == after.at(i)))
                .map(Layout.Entry::name)
                .toList();
        int count = parameters().entries().size();
        String evidence = unchanged.isEmpty()
                ? "all " + count + " arrays changed in one round of " + tasks + " tasks"
                : String.join(", ", unchanged) + " did not change in one round";
        return new CheckResult("θ moves", unchanged.isEmpty(), evidence);
    }

    private List<CheckResult> dataChecks() {
        List<TaskSpec> specs = new ArrayList<>();
        for (Split split : Split.values()) {
            if (target.source().has(split)) {
                specs.addAll(sampler(split).round(ROUND, DATA_CHECK_TASKS));
            }
        }
        List<CheckResult> results = target.source().checks(specs);
        return results.isEmpty() ? generated() : results;
    }

    private List<CheckResult> generated() {
        String evidence = "examples are drawn afresh for each task; no data set is shared";
        return List.of(
                new CheckResult("splits disjoint", true, evidence),
                new CheckResult("support and query disjoint", true, evidence));
    }
}
