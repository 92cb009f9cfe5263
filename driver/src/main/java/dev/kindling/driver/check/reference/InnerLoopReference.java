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
    private record Adaptation(List<NamedArrays> phi, NamedArrays memory, List<Double> queryLosses, double supportLoss) {
        NamedArrays end() {
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
        Adaptation adaptation = adapt(theta, sides);
        Result query = query(theta, adaptation.end(), Wanted.LOSS);
        sides.add(query.outputs());
        double objective = query.loss();
        Optional<double[]> weights = rule.weights(task.round());
        if (weights.isPresent()) {
            objective = 0;
            for (int i = 0; i < weights.get().length; i++) {
                objective += weights.get()[i] * adaptation.queryLosses().get(i);
            }
        }
        return new Outcome(
                objective,
                query.loss(),
                adaptation.supportLoss(),
                query.accuracy(),
                adaptation.phi(),
                query.output(),
                query.accuracy().isPresent()
                        ? Optional.of(
                                Classes.softmax(query.output(), task.layout().outputs()))
                        : Optional.empty(),
                sides.hash());
    }

    private Adaptation adapt(NamedArrays theta, Sides sides) {
        NamedArrays phi = rule.start(task, theta);
        NamedArrays memory = rule.memory(task, theta);
        List<NamedArrays> all = new ArrayList<>(List.of(phi));
        List<Double> queryLosses = new ArrayList<>();
        double firstLoss = Double.NaN;
        for (int step = 0; step < rule.steps(); step++) {
            phi = rule.begin(task, theta, phi, step);
            Result support = support(theta, phi, step);
            sides.add(support.outputs());
            firstLoss = step == 0 ? support.loss() : firstLoss;
            memory = rule.update().advance(memory);
            for (String name : rule.adapting(task.model())) {
                double[] gradient = rule.gradient(
                        theta, name, phi.get(name), support.gradient().get(name));
                StepUpdate.Step moved = rule.update().step(name, gradient, memory);
                memory = moved.state();
                double[] next = phi.get(name).clone();
                for (int i = 0; i < next.length; i++) {
                    next[i] -= rule.rate(theta, name, i, step) * moved.step()[i];
                }
                phi = phi.with(name, next);
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
            firstLoss = support(theta, phi, 0).loss();
        }
        return new Adaptation(all, memory, queryLosses, firstLoss);
    }

    private Result support(NamedArrays theta, NamedArrays phi, int step) {
        Examples support = task.support();
        Examples batch = rule.rows(support.count(), step).map(support::at).orElse(support);
        return passes.support(rule.used(task, theta, phi, step), batch, step, Wanted.GRADIENT);
    }

    private Result query(NamedArrays theta, NamedArrays phi, Wanted wanted) {
        NamedArrays used = rule.used(task, theta, phi, Math.max(rule.steps() - 1, 0));
        return passes.query(used, task.support(), task.query(), rule.steps(), wanted);
    }

    /** For what follows statistics, how far θ is from what the query pass observed. */
    @Override
    public NamedArrays known(NamedArrays theta) {
        if (task.model().runningStatistics().isEmpty()) {
            return NamedArrays.empty();
        }
        NamedArrays end = adapt(theta, new Sides()).end();
        NamedArrays observed = query(theta, end, Wanted.LOSS).observed();
        return theta.only(observed.names()).plus(-1, observed);
    }

    @Override
    public Optional<NamedArrays> firstOrder(NamedArrays theta) {
        if (!task.theta().equals(task.model().parameters())) {
            return Optional.empty();
        }
        return Optional.of(queryGradient(theta, adapt(theta, new Sides()).end()));
    }

    /** ∇L_query at adapted parameters, by those that follow no statistics. */
    final NamedArrays queryGradient(NamedArrays theta, NamedArrays phi) {
        return query(theta, phi, Wanted.GRADIENT).gradient();
    }

    /** θ - φ, and for moments that θ carries, how far it is from those after the last step. */
    final NamedArrays delta(NamedArrays theta) {
        Adaptation adaptation = adapt(theta, new Sides());
        NamedArrays delta = NamedArrays.empty();
        NamedArrays observed = known(theta);
        for (String name : task.theta().names()) {
            NamedArrays own = theta.only(List.of(name));
            NamedArrays end = adaptation.end().has(name)
                    ? adaptation.end().only(List.of(name))
                    : adaptation.memory().renamed("reptile."::concat).only(List.of(name));
            delta = delta.with(observed.has(name) ? observed.only(List.of(name)) : own.plus(-1, end));
        }
        return delta;
    }

    /** The parameters after the last step. */
    final NamedArrays adapted(NamedArrays theta) {
        return adapt(theta, new Sides()).end();
    }
}
