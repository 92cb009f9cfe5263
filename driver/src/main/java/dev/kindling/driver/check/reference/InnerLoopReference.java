package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Mode;
import dev.kindling.driver.check.reference.ModelPasses.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The reference of a method with inner steps. Each step computes the first-order gradient of one pass over the support set and
 * updates the parameters in Java; one pass over the queries follows. The random numbers of a pass are keyed by its number:
 * inner step i has number i, the final query pass the number K of steps, the query pass after step i the number 2K - 1 - i.
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
     * The result of all inner steps.
     *
     * @param phi parameters after 0, 1, ... steps
     * @param moments the inner optimizer's arrays after the last step
     * @param queryLosses after each step, if they contribute to the objective; otherwise empty
     * @param supportLoss before the first step
     */
    private record Adaptation(List<NamedDuals> phi, NamedDuals moments, List<Dual> queryLosses, double supportLoss) {
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
    public Outcome at(NamedArrays theta, Sides sides) {
        NamedDuals constants = NamedDuals.constant(theta);
        Adaptation adaptation = adapt(constants, sides);
        Result query = query(constants, adaptation.end(), Mode.LOSS, sides);
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
                        : Optional.empty());
    }

    /** The objective whose derivative is the contribution; with its own derivative if θ has tangents. */
    final Dual objective(NamedDuals theta) {
        Sides sides = new Sides();
        Adaptation adaptation = adapt(theta, sides);
        return objective(adaptation, query(theta, adaptation.end(), Mode.LOSS, sides));
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
        NamedDuals phi = rule.start(task, theta, sides);
        NamedDuals moments = rule.moments(task, theta, phi);
        List<NamedDuals> all = new ArrayList<>(List.of(phi));
        List<Dual> queryLosses = new ArrayList<>();
        double firstLoss = Double.NaN;
        for (int step = 0; step < rule.steps(); step++) {
            phi = rule.begin(task, theta, phi, step);
            Result support = support(theta, phi, step, sides);
            firstLoss = step == 0 ? support.loss().first() : firstLoss;
            moments = rule.update().advance(moments);
            for (String name : rule.adapting(task.model())) {
                Dual gradient = rule.gradient(
                        theta, name, phi.get(name), support.gradient().get(name));
                StepUpdate.Step moved = rule.update().step(name, gradient, moments);
                moments = moved.state();
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
                        Mode.LOSS,
                        sides);
                queryLosses.add(query.loss());
            }
        }
        if (rule.steps() == 0) {
            firstLoss = support(theta, phi, 0, sides).loss().first();
        }
        return new Adaptation(all, moments, queryLosses, firstLoss);
    }

    private Result support(NamedDuals theta, NamedDuals phi, int step, Sides sides) {
        Examples support = task.support();
        Examples batch = rule.rows(support.count(), step).map(support::at).orElse(support);
        return passes.support(rule.used(task, theta, phi, step), batch, step, Mode.GRADIENT, sides);
    }

    private Result query(NamedDuals theta, NamedDuals phi, Mode mode, Sides sides) {
        NamedDuals used = rule.used(task, theta, phi, Math.max(rule.steps() - 1, 0));
        return passes.query(used, task.support(), task.query(), rule.steps(), mode, sides);
    }

    private Adaptation adapt(NamedArrays theta) {
        return adapt(NamedDuals.constant(theta), new Sides());
    }

    /** For running statistics, the difference between θ and the batch statistics of the query pass. */
    @Override
    public NamedArrays known(NamedArrays theta) {
        if (task.model().runningStatistics().isEmpty()) {
            return NamedArrays.empty();
        }
        NamedArrays observed = query(NamedDuals.constant(theta), adapt(theta).end(), Mode.LOSS, new Sides())
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

    /** ∇L_query at adapted parameters, for those that are not running statistics. */
    final NamedArrays queryGradient(NamedArrays theta, NamedArrays phi) {
        return query(NamedDuals.constant(theta), NamedDuals.constant(phi), Mode.GRADIENT, new Sides())
                .gradient()
                .values();
    }

    /** θ - φ, and for moments that are part of θ, the difference to those after the last step. */
    final NamedArrays delta(NamedArrays theta) {
        Adaptation adaptation = adapt(theta);
        NamedArrays end = adaptation.end().values();
        NamedArrays lastMoments = adaptation.moments().values().renamed("reptile."::concat);
        NamedArrays delta = NamedArrays.empty();
        NamedArrays observed = known(theta);
        for (String name : task.theta().names()) {
            List<String> only = List.of(name);
            NamedArrays last = end.has(name) ? end : lastMoments;
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
