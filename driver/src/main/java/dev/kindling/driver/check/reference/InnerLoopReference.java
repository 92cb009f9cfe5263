package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Result;
import dev.kindling.driver.check.reference.ModelPasses.Wanted;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A method whose tasks adapt step by step: each step takes the first-order gradient of one pass over the support set and moves
 * the parameters in Java; then the queries are passed once. Inner step i draws its random numbers with i, the final query pass
 * with the count K of steps, the query pass after step i with 2K - 1 - i.
 */
class InnerLoopReference implements Reference {
    private final TaskContext task;
    private final StepRule rule;
    private final ModelPasses passes;

    InnerLoopReference(TaskContext task, StepRule rule) {
        this.task = task;
        this.rule = rule;
        this.passes = task.passes();
    }

    /**
     * Adaptation as far as the last step.
     *
     * @param phi after 0, 1, ... steps
     * @param memory the inner optimizer's arrays after the last step
     * @param queryLosses after each step, where they count; otherwise empty
     */
    private record Adaptation(List<NamedDuals> phi, NamedDuals memory, List<Dual> queryLosses, double supportLoss) {
        NamedDuals end() {
            return phi.get(phi.size() - 1);
        }
    }

    final TaskContext task() {
        return task;
    }

    final ModelPasses passes() {
        return passes;
    }

    @Override
    public Outcome at(NamedArrays theta) {
        Sides sides = new Sides();
        NamedDuals still = NamedDuals.constant(theta);
        Adaptation adaptation = adapt(still, sides);
        Result query = query(still, adaptation.end(), Wanted.LOSS);
        sides.add(query.outputs());
        return new Outcome(
                objective(adaptation, query).first(),
                query.loss().first(),
                adaptation.supportLoss(),
                query.accuracy(),
                adaptation.phi().stream().map(NamedDuals::values).toList(),
                query.output().value(),
                query.accuracy().isPresent()
                        ? Optional.of(Classes.softmax(
                                query.output().value(), task.layout().outputs()))
                        : Optional.empty(),
                sides.hash());
    }

    /** What the contribution is the derivative of, with its derivative where the task's probes follow directions of θ. */
    final Dual objective(NamedDuals theta) {
        Adaptation adaptation = adapt(theta, new Sides());
        return objective(adaptation, query(theta, adaptation.end(), Wanted.LOSS));
    }

    private Dual objective(Adaptation adaptation, Result query) {
        Optional<double[]> weights = rule.weights(task.round());
        if (weights.isEmpty()) {
            return query.loss();
        }
        Dual objective = Dual.constant(0);
        for (int i = 0; i < weights.get().length; i++) {
            objective = objective.plus(adaptation.queryLosses().get(i).times(weights.get()[i]));
        }
        return objective;
    }

    private Adaptation adapt(NamedDuals theta, Sides sides) {
        NamedDuals phi = rule.start(task, theta);
        NamedDuals memory = rule.memory(task, theta);
        List<NamedDuals> all = new ArrayList<>(List.of(phi));
        List<Dual> queryLosses = new ArrayList<>();
        double firstLoss = Double.NaN;
        for (int step = 0; step < rule.steps(); step++) {
            phi = rule.begin(task, theta, phi, step);
            Result support = support(theta, phi, step);
            sides.add(support.outputs());
            firstLoss = step == 0 ? support.loss().first() : firstLoss;
            memory = rule.update().advance(memory);
            for (String name : rule.adapting(task.model())) {
                Dual gradient = rule.gradient(
                        theta, name, phi.get(name), support.gradient().get(name));
                StepUpdate.Step moved = rule.update().step(name, gradient, memory);
                memory = moved.state();
                phi = phi.with(
                        name, phi.get(name).minus(rule.rate(theta, name, step).times(moved.step())));
            }
            all.add(phi);
            if (rule.weights(task.round()).isPresent()) {
                Result query = passes.query(
                        rule.used(task, theta, phi, step),
                        task.support(),
                        task.query(),
                        2 * rule.steps() - 1 - step,
                        Wanted.LOSS);
                sides.add(query.outputs());
                queryLosses.add(query.loss());
            }
        }
        if (rule.steps() == 0) {
            firstLoss = support(theta, phi, 0).loss().first();
        }
        return new Adaptation(all, memory, queryLosses, firstLoss);
    }

    private Result support(NamedDuals theta, NamedDuals phi, int step) {
        Examples support = task.support();
        Examples batch = rule.rows(support.count(), step).map(support::at).orElse(support);
        return passes.support(rule.used(task, theta, phi, step), batch, step, Wanted.GRADIENT);
    }

    private Result query(NamedDuals theta, NamedDuals phi, Wanted wanted) {
        NamedDuals used = rule.used(task, theta, phi, Math.max(rule.steps() - 1, 0));
        return passes.query(used, task.support(), task.query(), rule.steps(), wanted);
    }

    private Adaptation adapt(NamedArrays theta) {
        return adapt(NamedDuals.constant(theta), new Sides());
    }

    /** For what follows statistics, how far θ is from what the query pass observed. */
    @Override
    public NamedArrays known(NamedArrays theta) {
        if (task.model().runningStatistics().isEmpty()) {
            return NamedArrays.empty();
        }
        NamedArrays observed = query(NamedDuals.constant(theta), adapt(theta).end(), Wanted.LOSS)
                .observed();
        return theta.only(observed.names()).plus(-1, observed);
    }

    @Override
    public Optional<NamedArrays> firstOrder(NamedArrays theta) {
        if (!task.theta().equals(task.model().parameters())) {
            return Optional.empty();
        }
        return Optional.of(queryGradient(theta, adapted(theta)));
    }

    /** ∇L_query at adapted parameters, by those that follow no statistics. */
    final NamedArrays queryGradient(NamedArrays theta, NamedArrays phi) {
        return query(NamedDuals.constant(theta), NamedDuals.constant(phi), Wanted.GRADIENT)
                .gradient()
                .values();
    }

    /** θ - φ, and for moments that θ carries, how far it is from those after the last step. */
    final NamedArrays delta(NamedArrays theta) {
        Adaptation adaptation = adapt(theta);
        NamedArrays end = adaptation.end().values();
        NamedArrays moments = adaptation.memory().values().renamed("reptile."::concat);
        NamedArrays delta = NamedArrays.empty();
        NamedArrays observed = known(theta);
        for (String name : task.theta().names()) {
            List<String> only = List.of(name);
            NamedArrays last = end.has(name) ? end : moments;
            delta = delta.with(
                    observed.has(name) ? observed.only(only) : theta.only(only).plus(-1, last.only(only)));
        }
        return delta;
    }

    /** The parameters after the last step. */
    final NamedArrays adapted(NamedArrays theta) {
        return adapt(theta).end().values();
    }
}
