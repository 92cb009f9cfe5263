package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerRule.State;
import dev.kindling.job.algorithm.InnerRule.Task;
import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The programs of the methods that adapt a task's parameters step by step, as an {@link InnerRule} says. What such a method
 * makes of the adapted parameters is its {@link Outer}.
 */
final class InnerLoop {
    /**
     * Up to so many steps are written out as a rule. Then the adapted weights stay visible as θ minus a few products, which
     * a backend need not write down; with more steps that no longer pays, and a repeat keeps the program's size apart from
     * the number of steps.
     */
    static final int WRITTEN_OUT = 2;

    /** What a task contributes: a value for each array of θ, in its order, from where adaptation has led. */
    @FunctionalInterface
    interface Outer {
        Contribution of(Builder b, Outcome outcome);
    }

    /**
     * What a task contributes.
     *
     * @param sums one for each array of θ
     * @param measures scalars that the method reports beside the losses
     */
    record Contribution(List<Value> sums, Map<String, Value> measures) {}

    /**
     * Where adaptation has led.
     *
     * @param theta the arrays of θ
     * @param state behind the last step
     * @param objective what counts: the query loss, or the weighted sum of those behind each step
     * @param observed what statistics follow
     */
    record Outcome(Task task, Map<String, Value> theta, State state, Value objective, Map<String, Value> observed) {}

    /** Adaptation, and the support loss before it; behind each step the query loss, where the rule wants it: [steps]. */
    private record Adapted(State state, Value firstLoss, Optional<Value> queryLosses) {}

    /** What is measured of a task. */
    @FunctionalInterface
    private interface Measure {
        Map<String, Value> of(Builder b, Task task, Map<String, Value> used);
    }

    private final InnerRule rule;
    private final int steps;

    /** The inner loop of a rule, of so many steps in training. */
    InnerLoop(InnerRule rule, int steps) {
        this.rule = rule;
        this.steps = steps;
    }

    /** ∇_θ of the objective; for what follows statistics, how far it is from those of the query pass. */
    static List<Value> derivative(Builder b, Outcome outcome) {
        List<String> trained = outcome.theta().keySet().stream()
                .filter(name -> !outcome.observed().containsKey(name))
                .toList();
        Map<String, Value> gradients =
                Named.of(trained, Gradients.of(b, outcome.objective(), Named.values(outcome.theta(), trained)));
        List<Value> metaGradient = new ArrayList<>();
        outcome.theta().forEach((name, value) -> {
            Value observed = outcome.observed().get(name);
            metaGradient.add(observed == null ? Named.value(gradients, name) : b.sub(value, observed));
        });
        return metaGradient;
    }

    /** θ. */
    Layout parameters(Model model) {
        return rule.parameters(model);
    }

    /** The program of {@link Algorithm#train}. */
    Program train(String name, Model model, EpisodeLayout layout, Outer outer) {
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, rule.parameters(model), Program.Kind.SHARED);
        Contribution contribution = contribution(b, task(b, model, layout, theta), theta, outer);
        List<Program.Output> outputs =
                new ArrayList<>(Named.outputs(Named.of(theta.keySet(), contribution.sums()), Program.Role.SUM));
        outputs.addAll(Named.outputs(contribution.measures(), Program.Role.EACH));
        return b.build(name + "-train", outputs);
    }

    /** The task of an episode's arrays, where its model draws nothing and nothing differs by the round. */
    Task task(Model model, Map<String, Value> theta, Map<String, Value> episode) {
        return new Task(
                model,
                Named.only(theta, rule.reads(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.empty(),
                Optional.empty());
    }

    /** What a task contributes, and all that {@link Algorithm#train} measures of it. */
    Contribution contribution(Builder b, Task task, Map<String, Value> theta, Outer outer) {
        Model model = task.model();
        Adapted adapted = adapt(b, task, theta);
        State end = fresh(b, task, adapted.state());
        Map<String, Value> used = rule.used(b, task, end.phi(), b.constant(Math.max(steps - 1, 0)));
        Pass pass = pass(b, task, b.constant(steps));
        Value output = model.predict(b, used, task.support().x(), task.query().x(), pass);
        Value queryLoss = model.loss(b, output, task.query().y());
        Optional<Value> objective = adapted.queryLosses()
                .map(losses ->
                        b.sumAll(b.mul(losses, rule.weights(b, task, steps).orElseThrow())));
        Contribution contribution = outer.of(
                b,
                new Outcome(
                        task,
                        theta,
                        end,
                        objective.orElse(queryLoss),
                        model.observe(b, used, task.query().x(), pass)));

        Map<String, Value> measures = new LinkedHashMap<>();
        measures.put("query_loss", queryLoss);
        measures.put("support_loss", adapted.firstLoss());
        model.accuracy(b, output, task.query().y()).ifPresent(accuracy -> measures.put("query_accuracy", accuracy));
        objective.ifPresent(value -> measures.put("objective", value));
        measures.putAll(contribution.measures());
        return new Contribution(contribution.sums(), measures);
    }

    /** The program of {@link Algorithm#adapt}. */
    Program adapt(String name, Model model, EpisodeLayout layout) {
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, rule.parameters(model), Program.Kind.SHARED);
        Task task = task(b, model, layout, theta);
        State state = adapt(b, task, theta).state();
        return b.build(name + "-adapt", Named.outputs(state.phi(), Program.Role.SUM));
    }

    private Task task(Builder b, Model model, EpisodeLayout layout, Map<String, Value> theta) {
        List<String> asked = new ArrayList<>();
        if (model.random()) {
            asked.add(EpisodeLayout.KEY);
        }
        if (rule.byRound()) {
            asked.add(EpisodeLayout.ROUND);
        }
        Map<String, Value> episode = Named.declare(b, layout.arraysAnd(asked), Program.Kind.TASK);
        return new Task(
                model,
                Named.only(theta, rule.reads(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.ofNullable(episode.get(EpisodeLayout.KEY)),
                Optional.ofNullable(episode.get(EpisodeLayout.ROUND)));
    }

    /** A pass with a key of its own for each step, where the model draws random numbers. */
    private static Pass pass(Builder b, Task task, Value number) {
        return task.key()
                .map(parts -> Pass.dropping(b.concat(0, List.of(parts, b.reshape(number, Shape.of(1))))))
                .orElse(Pass.PLAIN);
    }

    private Adapted adapt(Builder b, Task task, Map<String, Value> theta) {
        State start =
                new State(rule.start(b, task.model(), theta, task.support()), rule.memory(b, task.model(), theta));
        boolean unrolled = steps <= rule.settings().unroll().orElse(rule.writtenOut()) || steps == 0;
        return unrolled ? adaptWrittenOut(b, task, start) : adaptInARepeat(b, task, start);
    }

    private Adapted adaptWrittenOut(Builder b, Task task, State start) {
        Optional<Value> rows = steps > 0 ? rule.rows(b, task.support().size(), steps) : Optional.empty();
        boolean measured = rule.weights(b, task, steps).isPresent();
        State state = start;
        List<Value> queryLosses = new ArrayList<>();
        List<Value> supportLosses = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            int place = step;
            Optional<Value> own = rows.map(all -> row(b, all, place));
            Moved moved = moved(b, task, state, b.constant(step), own);
            supportLosses.add(moved.loss());
            state = moved.state();
            if (measured) {
                Value loss = queryLoss(b, task, state, b.constant(step));
                queryLosses.add(b.reshape(loss, Shape.of(1)));
            }
        }
        Value firstLoss = steps > 0
                ? supportLosses.get(0)
                : supportLoss(b, task, rule.begin(b, task, start.phi(), b.constant(0)), b.constant(0), rows);
        return new Adapted(state, firstLoss, measured ? Optional.of(b.concat(0, queryLosses)) : Optional.empty());
    }

    /**
     * The state with what adapts behind barriers, as the step program of a repeat has it in inputs of its own: however
     * parameters came about, whatever is computed from these contains them and can be differentiated by them.
     */
    private State fresh(Builder b, Task task, State state) {
        Map<String, Value> phi = new LinkedHashMap<>(state.phi());
        rule.adapting(task.model()).forEach(name -> phi.computeIfPresent(name, (any, value) -> b.barrier(value)));
        return new State(phi, state.memory());
    }

    private static Value row(Builder b, Value rows, int place) {
        return b.reshape(
                b.slice(rows, 0, place, place + 1), Shape.of(rows.shape().dim(1)));
    }

    private Adapted adaptInARepeat(Builder b, Task task, State start) {
        boolean measured = rule.weights(b, task, steps).isPresent();
        Repeat repeat = new Repeat(b, task, start, steps, measured ? Repeat.Halves.BOTH : Repeat.Halves.SUPPORT);
        Builder sb = repeat.step;
        Moved moved = moved(sb, repeat.task, repeat.state, repeat.number, repeat.rows);
        Map<String, Value> stacked = new LinkedHashMap<>();
        stacked.put("support_loss", moved.loss());
        if (measured) {
            stacked.put("query_loss", queryLoss(sb, repeat.task, moved.state(), repeat.number));
        }
        Repeat.Results results = repeat.run(moved.state(), stacked);
        Value firstLoss = b.slice(Named.value(results.stacked(), "support_loss"), 0, 0, 1);
        return new Adapted(
                results.state(),
                b.reshape(firstLoss, Shape.scalar()),
                Optional.ofNullable(results.stacked().get("query_loss")));
    }

    /** A step, and the support loss before it. */
    private record Moved(State state, Value loss) {}

    private Moved moved(Builder b, Task task, State before, Value number, Optional<Value> rows) {
        State state = fresh(b, task, new State(rule.begin(b, task, before.phi(), number), before.memory()));
        Value loss = supportLoss(b, task, state.phi(), number, rows);
        List<String> adapting = rule.adapting(task.model());
        Map<String, Value> gradients = Named.of(adapting, Gradients.of(b, loss, Named.values(state.phi(), adapting)));
        return new Moved(rule.step(b, task, state, gradients, number), loss);
    }

    private Value supportLoss(Builder b, Task task, Map<String, Value> phi, Value number, Optional<Value> rows) {
        Batch batch = rows.map(places -> task.support().rows(b, places)).orElse(task.support());
        Map<String, Value> used = rule.used(b, task, phi, number);
        Model model = task.model();
        return model.loss(b, model.output(b, used, batch.x(), pass(b, task, number)), batch.y());
    }

    /**
     * The query loss behind a step. Its pass draws by a number that no pass over the support set has, behind the last step by
     * that of the final query pass.
     */
    private Value queryLoss(Builder b, Task task, State state, Value number) {
        Map<String, Value> used = rule.used(b, task, state.phi(), number);
        Pass pass = pass(b, task, b.sub(b.constant(2 * steps - 1), number));
        Value output =
                task.model().predict(b, used, task.support().x(), task.query().x(), pass);
        return task.model().loss(b, output, task.query().y());
    }

    /** The program of {@link Algorithm#evaluate}; nothing is dropped. */
    Program evaluate(String name, Model model, EpisodeLayout layout, int count) {
        return curve(name + "-evaluate", model, layout, count, (b, task, used) -> {
            Value output =
                    model.predict(b, used, task.support().x(), task.query().x(), Pass.PLAIN);
            return Scores.of(b, model, output, task.query());
        });
    }

    /** The program of {@link Algorithm#predict}; nothing is dropped. */
    Program predict(String name, Model model, EpisodeLayout layout, int count) {
        return curve(
                name + "-predict",
                model,
                layout,
                count,
                (b, task, used) -> Map.of(
                        "prediction",
                        model.predict(b, used, task.support().x(), task.query().x(), Pass.PLAIN)));
    }

    /** What is measured after 0, 1, ... count steps. */
    private Program curve(String name, Model model, EpisodeLayout layout, int count, Measure measure) {
        if (count < 0) {
            throw new IllegalArgumentException("evaluation.steps is " + count + "; it must be at least 0");
        }
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, rule.parameters(model), Program.Kind.SHARED);
        Map<String, Value> episode = Named.declare(b, layout.arrays(), Program.Kind.TASK);
        Task task = task(model, theta, episode);
        State start = new State(rule.start(b, model, theta, task.support()), rule.memory(b, model, theta));
        Map<String, Value> before = measure.of(b, task, rule.used(b, task, start.phi(), b.constant(0)));
        Map<String, Value> after = count > 0 ? behindEachStep(b, task, start, count, measure) : Map.of();
        Map<String, Value> curves = new LinkedHashMap<>();
        before.forEach((metric, value) -> {
            List<Value> curve = new ArrayList<>();
            curve.add(b.reshape(value, value.shape().stacked(1)));
            if (count > 0) {
                curve.add(Named.value(after, metric));
            }
            curves.put(metric, b.concat(0, curve));
        });
        return b.build(name, Named.outputs(curves, Program.Role.EACH));
    }

    private Map<String, Value> behindEachStep(Builder b, Task task, State start, int count, Measure measure) {
        Repeat repeat = new Repeat(b, task, start, count, Repeat.Halves.BOTH);
        State next = moved(repeat.step, repeat.task, repeat.state, repeat.number, repeat.rows)
                .state();
        Map<String, Value> used = rule.used(repeat.step, repeat.task, next.phi(), repeat.number);
        return repeat.run(next, measure.of(repeat.step, repeat.task, used)).stacked();
    }

    /** So many steps as one value: a step program whose inputs stand for the state and the task. */
    private final class Repeat {
        /** The halves of an episode that steps see. */
        enum Halves {
            SUPPORT,
            BOTH
        }

        private static final String NUMBER = "step";
        private static final String ROWS = "rows";
        /** Before the names of what steps read of θ beside the parameters. */
        private static final String READ = "read ";

        /** The state behind the last step, and what each step gave, stacked. */
        record Results(State state, Map<String, Value> stacked) {}

        private final State start;
        private final List<String> moving;
        private final Loop loop;
        private final Builder step;
        private final State state;
        private final Value number;
        private final Optional<Value> rows;
        private final Task task;

        Repeat(Builder b, Task outside, State start, int count, Halves halves) {
            this.start = start;
            this.moving = rule.adapting(outside.model());
            Map<String, Value> carries = new LinkedHashMap<>(Named.only(start.phi(), moving));
            carries.putAll(start.memory());
            Map<String, Value> stacks = new LinkedHashMap<>();
            if (outside.key().isPresent() || rule.numbered()) {
                stacks.put(NUMBER, b.iota(count));
            }
            rule.rows(b, outside.support().size(), count).ifPresent(all -> stacks.put(ROWS, all));
            this.loop = new Loop(b, count, carries, stacks, invariants(outside, halves));
            this.step = loop.step();
            this.number = Optional.ofNullable(loop.each().get(NUMBER)).orElseGet(() -> step.constant(0));
            this.rows = Optional.ofNullable(loop.each().get(ROWS));
            this.task = taskInside(outside, halves);
            Map<String, Value> phi = new LinkedHashMap<>();
            start.phi()
                    .keySet()
                    .forEach(name -> phi.put(
                            name, Named.value(carries.containsKey(name) ? loop.carried() : loop.fixed(), name)));
            this.state =
                    new State(phi, Named.only(loop.carried(), start.memory().keySet()));
        }

        /** What is the same in every step. */
        private Map<String, Value> invariants(Task outside, Halves halves) {
            Map<String, Value> invariants = new LinkedHashMap<>();
            invariants.put(EpisodeLayout.SUPPORT_X, outside.support().x());
            invariants.put(EpisodeLayout.SUPPORT_Y, outside.support().y());
            if (halves == Halves.BOTH) {
                invariants.put(EpisodeLayout.QUERY_X, outside.query().x());
                invariants.put(EpisodeLayout.QUERY_Y, outside.query().y());
            }
            outside.reads().forEach((name, value) -> invariants.put(READ + name, value));
            outside.key().ifPresent(key -> invariants.put(EpisodeLayout.KEY, key));
            outside.round().ifPresent(round -> invariants.put(EpisodeLayout.ROUND, round));
            start.phi().forEach((name, value) -> {
                if (!moving.contains(name)) {
                    invariants.put(name, value);
                }
            });
            return invariants;
        }

        private Task taskInside(Task outside, Halves halves) {
            Batch support = Batch.support(loop.fixed());
            Map<String, Value> reads = new LinkedHashMap<>();
            outside.reads().keySet().forEach(name -> reads.put(name, Named.value(loop.fixed(), READ + name)));
            return new Task(
                    outside.model(),
                    reads,
                    support,
                    halves == Halves.BOTH ? Batch.query(loop.fixed()) : support,
                    Optional.ofNullable(loop.fixed().get(EpisodeLayout.KEY)),
                    Optional.ofNullable(loop.fixed().get(EpisodeLayout.ROUND)));
        }

        /** Runs the steps, each of which ends in the given state and gives the given values. */
        Results run(State next, Map<String, Value> stacked) {
            Map<String, Value> moved = new LinkedHashMap<>(Named.only(next.phi(), moving));
            moved.putAll(next.memory());
            Map<String, Value> results = loop.run("inner-step", moved, stacked);
            Map<String, Value> phi = new LinkedHashMap<>(start.phi());
            phi.putAll(Named.only(results, moving));
            return new Results(
                    new State(phi, Named.only(results, start.memory().keySet())),
                    Named.only(results, stacked.keySet()));
        }
    }
}
