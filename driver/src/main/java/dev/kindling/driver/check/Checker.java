package dev.kindling.driver.check;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.check.DirectionalDerivatives.Point;
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
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Proves a configuration at one θ and one task: what the task's training program gives against the same task computed step by
 * step ({@link Reference}), its contribution against numerical derivatives of that and against what its method claims; that
 * every array of θ moves in a round; and what the task source says about its data.
 */
public final class Checker {
    private static final String QUERY_LOSS = "query_loss";
    private static final String SUPPORT_LOSS = "support_loss";
    private static final String ACCURACY = "query_accuracy";
    private static final String OBJECTIVE = "objective";
    private static final String RESIDUAL = "residual";
    private static final long ROUND = 0;
    /** Tasks of each purpose whose data is looked at. */
    private static final int PROOF_TASKS = 100;

    private final CheckTarget target;
    private final TaskSpec spec;
    private final long methodRound;
    private final EpisodeLayout layout;
    private final Program train;
    private final Executable executable;

    /** A checker of one configuration on one task; compiles its program. */
    public Checker(CheckTarget target, TaskChoice choice) {
        this.target = target;
        this.spec = choice.spec(target.source(), target.round().seed());
        this.methodRound = choice.methodRound(target.algorithm(), target.round().rounds());
        this.layout = target.source().layout(spec);
        this.train = target.algorithm().train(target.model(), layout);
        this.executable = compile(train);
    }

    private Executable compile(Program program) {
        return target.backend().compile(program, target.options());
    }

    /** The arrays of θ. */
    public Layout parameters() {
        return train.sums();
    }

    /** The arrays of an episode. */
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
     * What is proved of the task.
     *
     * @param theta in double, laid out as {@link #parameters}
     * @param episode in double, laid out as {@link #episodeArrays}
     */
    public CheckReport check(FlatVector theta, FlatVector episode) {
        NamedArrays arrays = NamedArrays.of(layout.arrays(), episode);
        ProgramProbe.Outputs outputs =
                probe(executable, arrays, methodRound, spec).at(theta);
        NamedArrays at = NamedArrays.of(parameters(), theta);
        Optional<Reference> reference = target.reference().map(method -> method.on(context(arrays)));
        Optional<Reference.Outcome> outcome = reference.map(found -> found.at(at));
        OrderEstimate estimate = finding(theta, arrays, outputs, reference);
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
     * What is proved of the configuration, whichever task is looked at.
     *
     * @param theta in double, laid out as {@link #parameters}
     */
    public List<CheckResult> checkConfiguration(FlatVector theta) {
        List<CheckResult> results = new ArrayList<>();
        movement(theta).ifPresent(results::add);
        results.addAll(dataProofs());
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

    /** The losses of the training program against those of the steps made one by one. */
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

    private OrderEstimate finding(
            FlatVector theta, NamedArrays episode, ProgramProbe.Outputs outputs, Optional<Reference> reference) {
        Claim claim = target.algorithm().claim();
        if (claim == Claim.DELTA || claim == Claim.NOTHING) {
            return new OrderEstimate(Map.of(), Optional.empty());
        }
        FlatVector contribution = ofTrained(outputs.sums());
        Function<FlatVector, Point> objective = reference
                .<Function<FlatVector, Point>>map(found -> point -> stepwise(found, point))
                .orElseGet(() -> own(episode));
        Map<String, ArrayError> exact = new DirectionalDerivatives(
                        objective,
                        trained().stream().map(DirectionalDerivatives.Part::of).toList(),
                        target.round().seed())
                .errors(theta, contribution);
        return new OrderEstimate(exact, reference.flatMap(found -> frozen(theta, outputs.summed(), found)));
    }

    private Point stepwise(Reference reference, FlatVector theta) {
        Reference.Outcome outcome = reference.at(NamedArrays.of(parameters(), theta));
        return new Point(outcome.objective(), outcome.sides());
    }

    /** The training program's own objective, for a method that is not computed otherwise; its kinks are not known. */
    private Function<FlatVector, Point> own(NamedArrays episode) {
        String name = train.perTask().has(OBJECTIVE) ? OBJECTIVE : QUERY_LOSS;
        List<Program.Output> outputs = train.outputs().stream()
                .filter(output -> output.name().equals(name))
                .toList();
        Program only = new Program(train.name(), train.inputs(), outputs);
        ProgramProbe probe = probe(compile(only), episode, methodRound, spec);
        return theta -> new Point(probe.at(theta).scalar(name), 0);
    }

    private Optional<OrderEstimate.FirstOrderComparison> frozen(
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

    /** How far a contribution's arrays are from the expected ones, over the length of these. */
    private static double relative(NamedArrays contribution, NamedArrays expected, double floor) {
        double difference = expected.plus(-1, contribution).norm();
        return difference == 0 ? 0 : difference / Math.max(floor, expected.norm());
    }

    private CheckResult claim(
            NamedArrays theta, ProgramProbe.Outputs outputs, OrderEstimate estimate, Optional<Reference> reference) {
        NamedArrays contribution = outputs.summed();
        return Claims.proof(
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

    /** What follows statistics, in a method whose other arrays follow a gradient. */
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

    /** The arrays of θ that gradients move. */
    private List<Layout.Entry> trained() {
        return parameters().entries().stream()
                .filter(entry ->
                        !target.algorithm().runningStatistics(target.model()).containsKey(entry.name()))
                .toList();
    }

    /** A meta-gradient with zeros where arrays of θ follow statistics. */
    private FlatVector ofTrained(FlatVector sums) {
        FlatVector gradient = FlatVector.zeros(Precision.DOUBLE, sums.size());
        trained()
                .forEach(entry -> gradient.copyFrom(
                        sums, entry.offset(), entry.offset(), entry.shape().size()));
        return gradient;
    }

    /**
     * One round at θ, of its tasks that have the shapes of the one looked at: sums, the mean, the optimizer's step; empty where
     * θ is not meant to move.
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
        double[] totals = new double[train.perTask().size()];
        for (TaskSpec task : specs) {
            NamedArrays episode = NamedArrays.of(layout.arrays(), episode(task));
            ProgramProbe.Outputs outputs =
                    probe(executable, episode, ROUND, task).at(theta);
            IntStream.range(0, sums.size())
                    .forEach(i -> sums.set(i, sums.at(i) + outputs.sums().at(i)));
            IntStream.range(0, totals.length).forEach(i -> totals[i] += outputs.perTask()[i]);
        }
        MetaGradient gradient =
                round.aggregator().aggregate(ROUND, new PartialSum(0, 0, sums, totals, specs.size()), train.perTask());
        FlatVector moved = theta.copy();
        FlatVector followed = round.aggregator().statistics().next(gradient, theta);
        new MetaOptimizer(round.optimizer(), round.rounds(), Precision.DOUBLE, theta.size())
                .update(ROUND, gradient.gradient(), moved);
        round.aggregator().statistics().put(followed, moved);
        return Optional.of(movement(specs.size(), theta, moved));
    }

    private CheckResult movement(int tasks, FlatVector before, FlatVector after) {
        List<String> still = parameters().entries().stream()
                .filter(entry -> IntStream.range(
                                entry.offset(), entry.offset() + entry.shape().size())
                        .allMatch(i -> before.at(i) == after.at(i)))
                .map(Layout.Entry::name)
                .toList();
        int count = parameters().entries().size();
        String evidence = still.isEmpty()
                ? "all " + count + " arrays changed in one round of " + tasks + " tasks"
                : String.join(", ", still) + " did not change in one round";
        return new CheckResult("θ moves", still.isEmpty(), evidence);
    }

    private List<CheckResult> dataProofs() {
        List<TaskSpec> specs = new ArrayList<>();
        for (Split split : Split.values()) {
            specs.addAll(sampler(split).round(ROUND, PROOF_TASKS));
        }
        List<CheckResult> results = target.source().checks(specs).stream()
                .map(check -> new CheckResult(check.statement(), check.holds(), check.evidence()))
                .toList();
        return results.isEmpty() ? generated() : results;
    }

    private List<CheckResult> generated() {
        String evidence = "examples are drawn afresh for each task; no data set is shared";
        return List.of(
                new CheckResult("splits disjoint", true, evidence),
                new CheckResult("support and query disjoint", true, evidence));
    }
}
