package dev.kindling.driver.check;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Proves a configuration at one θ: the meta-gradient of one task against finite differences and against what its method
 * claims, that every array of θ moves in a round, and what the task source says about its data.
 */
public final class Checker {
    private static final String QUERY_LOSS = "query_loss";
    private static final String OBJECTIVE = "objective";
    private static final String RESIDUAL = "residual";
    private static final long ROUND = 0;
    /** Tasks of each purpose whose data is looked at. */
    private static final int PROOF_TASKS = 100;

    private final Subject subject;
    private final EpisodeLayout layout;
    private final Program train;
    private final Executable executable;

    /** A checker of one configuration; compiles its program. */
    public Checker(Subject subject) {
        this.subject = subject;
        this.layout = subject.source().layout(firstTask());
        this.train = subject.algorithm().train(subject.model(), layout);
        this.executable = subject.backend().compile(train, subject.options());
    }

    /** The arrays of θ. */
    public Layout parameters() {
        return train.sums();
    }

    /** The arrays of an episode. */
    public Layout episodeArrays() {
        return layout.arrays();
    }

    /** The first training task of the run, in double. */
    public Storage firstEpisode() {
        return episode(firstTask());
    }

    private TaskSpec firstTask() {
        return Subject.firstTask(subject.source(), subject.round().seed());
    }

    private Storage episode(TaskSpec spec) {
        Storage episode = Storage.zeros(Precision.DOUBLE, layout.arrays().size());
        subject.source().materialise(spec, episode, 0);
        return episode;
    }

    private Sampler sampler(Purpose purpose) {
        return new Sampler(subject.source(), subject.round().seed(), purpose);
    }

    /**
     * All proofs.
     *
     * @param theta in double, laid out as {@link #parameters}
     * @param episode in double, laid out as {@link #episodeArrays}
     */
    public CheckReport check(Storage theta, Storage episode) {
        TaskRun.Outputs outputs = run(executable, episode).at(theta);
        OrderFinding finding = finding(theta, episode, outputs);
        List<Proof> proofs = new ArrayList<>();
        proofs.add(Claims.proof(subject.algorithm().claim(), outputs.sums(), finding));
        movement(theta).ifPresent(proofs::add);
        proofs.addAll(dataProofs());
        return new CheckReport(
                subject.algorithm().name(), subject.algorithm().inner(), finding, proofs, outputs.sums());
    }

    private OrderFinding finding(Storage theta, Storage episode, TaskRun.Outputs outputs) {
        Storage contribution = ofTrained(outputs.sums());
        String objective = train.perTask().has(OBJECTIVE) ? OBJECTIVE : QUERY_LOSS;
        TaskRun loss = run(subject.backend().compile(only(objective), subject.options()), episode);
        return new OrderFinding(
                outputs.scalar(QUERY_LOSS),
                differences(point -> loss.at(point).scalar(objective)).errors(theta, contribution),
                frozen(theta, episode, contribution),
                outputs.optional(RESIDUAL));
    }

    private FiniteDifferences differences(ToDoubleFunction<Storage> function) {
        return new FiniteDifferences(function, trained(), subject.round().seed());
    }

    /** What is found with adaptation held fixed, for a method whose θ is what its tasks adapt. */
    private Optional<OrderFinding.Frozen> frozen(Storage theta, Storage episode, Storage contribution) {
        Optional<Program> adapt = subject.algorithm().adapt(subject.model(), layout);
        if (adapt.isEmpty() || !parameters().equals(subject.model().parameters())) {
            return Optional.empty();
        }
        PlainDescent descent = new PlainDescent(
                subject.model(),
                layout,
                subject.algorithm().steps(),
                compiled -> run(subject.backend().compile(compiled, subject.options()), episode));
        Storage adapted = subject.algorithm()
                .inner()
                .filter(inner -> subject.algorithm().descends())
                .map(inner -> descent.adapt(theta, inner.rate()))
                .orElseGet(() -> run(subject.backend().compile(adapt.get(), subject.options()), episode)
                        .at(theta)
                        .sums());
        return Optional.of(new OrderFinding.Frozen(
                differences(descent::queryLoss).errors(adapted, contribution),
                gap(contribution, descent.queryGradient(adapted))));
    }

    private TaskRun run(Executable program, Storage episode) {
        return new TaskRun(program, episode, proofRound(), firstTask().key());
    }

    /**
     * Half way, where a method that differs by the round is neither at its beginning nor at its end; later if it does what it
     * claims only then. Where the run is over before, the claim fails.
     */
    private long proofRound() {
        long halfWay = subject.round().rounds() / 2;
        long claimed = subject.algorithm().claimedFrom();
        return claimed < subject.round().rounds() ? Math.max(halfWay, claimed) : halfWay;
    }

    /** The arrays of θ that gradients move. */
    private List<Layout.Entry> trained() {
        return parameters().entries().stream()
                .filter(entry -> !subject.algorithm().followers(subject.model()).containsKey(entry.name()))
                .toList();
    }

    /** A meta-gradient with zeros where arrays of θ follow statistics. */
    private Storage ofTrained(Storage sums) {
        Storage gradient = Storage.zeros(Precision.DOUBLE, sums.size());
        trained()
                .forEach(entry -> gradient.copyFrom(
                        sums, entry.offset(), entry.offset(), entry.shape().size()));
        return gradient;
    }

    private Program only(String name) {
        List<Program.Output> outputs = train.outputs().stream()
                .filter(output -> output.name().equals(name))
                .toList();
        return new Program(train.name(), train.inputs(), outputs);
    }

    private static double gap(Storage gradient, Storage firstOrder) {
        Storage difference = gradient.copy();
        for (int i = 0; i < difference.size(); i++) {
            difference.set(i, gradient.at(i) - firstOrder.at(i));
        }
        return FiniteDifferences.norm(difference, 0, difference.size())
                / FiniteDifferences.norm(firstOrder, 0, firstOrder.size());
    }

    /** One round at θ, of its tasks that have the first one's shapes: sums, the mean, the optimizer's step; empty where θ is not meant to move. */
    private Optional<Proof> movement(Storage theta) {
        if (subject.algorithm().claim() == Claim.NOTHING) {
            return Optional.empty();
        }
        Subject.Round round = subject.round();
        List<TaskSpec> specs = sampler(Purpose.TRAIN).round(ROUND, round.tasks()).stream()
                .filter(spec -> subject.source().layout(spec).equals(layout))
                .toList();
        Storage sums = Storage.zeros(Precision.DOUBLE, train.sums().size());
        double[] totals = new double[train.perTask().size()];
        for (TaskSpec spec : specs) {
            TaskRun.Outputs outputs = new TaskRun(executable, episode(spec), ROUND, spec.key()).at(theta);
            IntStream.range(0, sums.size())
                    .forEach(i -> sums.set(i, sums.at(i) + outputs.sums().at(i)));
            IntStream.range(0, totals.length).forEach(i -> totals[i] += outputs.each()[i]);
        }
        MetaGradient gradient =
                round.aggregator().aggregate(ROUND, new FoldNode(0, 0, sums, totals, specs.size()), train.perTask());
        Storage moved = theta.copy();
        Storage followed = round.aggregator().statistics().next(gradient, theta);
        new MetaOptimizer(round.optimizer(), round.rounds(), Precision.DOUBLE, theta.size())
                .update(ROUND, gradient.gradient(), moved);
        round.aggregator().statistics().put(followed, moved);
        return Optional.of(movement(specs.size(), theta, moved));
    }

    private Proof movement(int tasks, Storage before, Storage after) {
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
        return new Proof("θ moves", still.isEmpty(), evidence);
    }

    private List<Proof> dataProofs() {
        List<TaskSpec> specs = new ArrayList<>();
        for (Purpose purpose : Purpose.values()) {
            specs.addAll(sampler(purpose).round(ROUND, PROOF_TASKS));
        }
        List<Proof> proofs = subject.source().proofs(specs).stream()
                .map(proof -> new Proof(proof.statement(), proof.holds(), proof.evidence()))
                .toList();
        return proofs.isEmpty() ? generated() : proofs;
    }

    private List<Proof> generated() {
        String evidence = "examples are drawn afresh for each task; no data set is shared";
        return List.of(
                new Proof("splits disjoint", true, evidence), new Proof("support and query disjoint", true, evidence));
    }
}
