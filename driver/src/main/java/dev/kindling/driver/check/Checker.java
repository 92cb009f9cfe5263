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
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Proves a configuration at one θ: the meta-gradient of one task against finite differences and against what its method
 * claims, that every array of θ moves in a round, and what the task source says about its data.
 */
public final class Checker {
    private static final String QUERY_LOSS = "query_loss";
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
        TaskRun.Outputs outputs = new TaskRun(executable, episode).at(theta);
        OrderFinding finding = finding(theta, episode, outputs);
        List<Proof> proofs = new ArrayList<>();
        proofs.add(orderProof(finding));
        proofs.add(movement(theta));
        proofs.addAll(dataProofs());
        return new CheckReport(subject.algorithm().name(), subject.inner(), finding, proofs, outputs.sums());
    }

    private OrderFinding finding(Storage theta, Storage episode, TaskRun.Outputs outputs) {
        Storage gradient = ofTrained(outputs.sums());
        long seed = subject.round().seed();
        TaskRun loss = new TaskRun(subject.backend().compile(lossOnly(), subject.options()), episode);
        PlainDescent descent = new PlainDescent(
                subject.model(),
                layout,
                subject.backend(),
                subject.options(),
                episode,
                subject.inner().rate(),
                subject.inner().steps());
        Storage adapted = descent.adapt(theta);
        return new OrderFinding(
                outputs.scalar(QUERY_LOSS),
                new FiniteDifferences(point -> loss.at(point).scalar(QUERY_LOSS), trained(), seed)
                        .errors(theta, gradient),
                new FiniteDifferences(descent::queryLoss, trained(), seed).errors(adapted, gradient),
                gap(gradient, descent.queryGradient(adapted)));
    }

    /** The arrays of θ that gradients move. */
    private List<Layout.Entry> trained() {
        return parameters().entries().stream()
                .filter(entry -> !subject.model().statistics().contains(entry.name()))
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

    private Program lossOnly() {
        List<Program.Output> outputs = train.outputs().stream()
                .filter(output -> output.name().equals(QUERY_LOSS))
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

    private Proof orderProof(OrderFinding finding) {
        Claim claim = subject.algorithm().claim();
        boolean holds = claim == Claim.EXACT
                ? finding.order() == Order.SECOND
                : finding.order() == Order.FIRST || finding.indistinct();
        String evidence = String.format(
                Locale.ROOT,
                "found order %d: largest relative error %.1e against finite differences through adaptation, %.1e with "
                        + "adaptation held fixed; gap to first order %.2e%s",
                finding.order().number(),
                finding.exactError(),
                finding.frozenError(),
                finding.firstOrderGap(),
                finding.indistinct() ? "; both orders are the same here" : "");
        String statement = claim == Claim.EXACT
                ? "the meta-gradient is the exact derivative"
                : "the meta-gradient is the first-order one";
        return new Proof(statement, holds, evidence);
    }

    /** One round at θ, of its tasks that have the first one's shapes: sums, the mean, the optimizer's step. */
    private Proof movement(Storage theta) {
        Subject.Round round = subject.round();
        List<TaskSpec> specs = sampler(Purpose.TRAIN).round(ROUND, round.tasks()).stream()
                .filter(spec -> subject.source().layout(spec).equals(layout))
                .toList();
        Storage sums = Storage.zeros(Precision.DOUBLE, train.sums().size());
        double[] totals = new double[train.perTask().size()];
        for (TaskSpec spec : specs) {
            TaskRun.Outputs outputs = new TaskRun(executable, episode(spec)).at(theta);
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
        return movement(specs.size(), theta, moved);
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
