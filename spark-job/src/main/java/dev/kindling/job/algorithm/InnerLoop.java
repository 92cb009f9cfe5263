package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerUpdate.State;
import dev.kindling.job.algorithm.InnerUpdate.Task;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
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
 * Builds the programs of methods that adapt a task's parameters by the steps of an {@link InnerUpdate}. An
 * {@link OuterObjective} computes the contribution from the adaptation.
 */
final class InnerLoop {
    /**
     * The default limit up to which steps are unrolled. Unrolled, the adapted weights remain expressions, θ minus a few
     * products, which a backend need not store; with more steps this is no longer faster, and a loop makes the program's size
     * independent of the number of steps.
     */
    static final int UNROLL_LIMIT = 2;

    /** Computes a task's contribution, a value for each array of θ in its order, from its adaptation. */
    @FunctionalInterface
    interface OuterObjective {
        Contribution of(ProgramBuilder b, AdaptationResult result);
    }

    /**
     * The contribution of a task.
     *
     * @param sums one for each array of θ
     * @param measures scalars that the method reports in addition to the losses
     */
    record Contribution(List<Value> sums, Map<String, Value> measures) {}

    /**
     * The result of adapting to a task.
     *
     * @param theta the arrays of θ
     * @param state after the last step
     * @param objective the query loss, or the weighted sum of the query losses after each step
     * @param batchStatistics the statistics of the query pass that running statistics average
     */
    record AdaptationResult(
            Task task, Map<String, Value> theta, State state, Value objective, Map<String, Value> batchStatistics) {}

    /**
     * The state after adaptation, the support loss before it and, if the update weights them, the query losses after
     * each step: [steps].
     */
    private record AdaptationTrace(State state, Value firstLoss, Optional<Value> queryLosses) {}

    /** Computes outputs of a task from parameters. */
    @FunctionalInterface
    private interface Measure {
        Map<String, Value> of(ProgramBuilder b, Task task, Map<String, Value> used);
    }

    private final InnerUpdate update;
    private final int steps;

    /** An inner loop with {@code steps} steps in training. */
    InnerLoop(InnerUpdate update, int steps) {
        this.update = update;
        this.steps = steps;
    }

    /** ∇_θ of the objective; for running statistics, their difference from the statistics of the query pass. */
    static List<Value> derivative(ProgramBuilder b, AdaptationResult result) {
        List<String> trained = result.theta().keySet().stream()
                .filter(name -> !result.batchStatistics().containsKey(name))
                .toList();
        Map<String, Value> gradients = NamedValues.of(
                trained, Autodiff.grad(b, result.objective(), NamedValues.values(result.theta(), trained)));
        List<Value> metaGradient = new ArrayList<>();
        result.theta().forEach((name, value) -> {
            Value statistic = result.batchStatistics().get(name);
            metaGradient.add(statistic == null ? NamedValues.value(gradients, name) : b.sub(value, statistic));
        });
        return metaGradient;
    }

    /** The layout of θ. */
    Layout parameters(Model model) {
        return update.parameters(model);
    }

    /** The program of {@link Algorithm#train}. */
    Program train(String name, Model model, EpisodeLayout layout, OuterObjective outer) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Contribution contribution = contribution(b, task(b, model, layout, theta), theta, outer);
        List<Program.Output> outputs = new ArrayList<>(
                NamedValues.outputs(NamedValues.of(theta.keySet(), contribution.sums()), Program.Reduction.SUM));
        outputs.addAll(NamedValues.outputs(contribution.measures(), Program.Reduction.PER_TASK));
        return b.build(name + "-train", outputs);
    }

    /** The task of an episode, for a model without random numbers and an update that does not depend on the round. */
    Task task(Model model, Map<String, Value> theta, Map<String, Value> episode) {
        return new Task(
                model,
                NamedValues.only(theta, update.extraInputs(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.empty(),
                Optional.empty());
    }

    /** The contribution of a task, with all per-task outputs of {@link Algorithm#train}. */
    Contribution contribution(ProgramBuilder b, Task task, Map<String, Value> theta, OuterObjective outer) {
        Model model = task.model();
        AdaptationTrace trace = adapt(b, task, theta);
        State end = fresh(b, task, trace.state());
        Map<String, Value> used = update.effectiveParameters(b, task, end.phi(), b.constant(Math.max(steps - 1, 0)));
        ForwardContext context = pass(b, task, b.constant(steps));
        Value output = model.predict(b, used, task.support().x(), task.query().x(), context);
        Value queryLoss = model.loss(b, output, task.query().targets());
        Optional<Value> objective = trace.queryLosses()
                .map(losses -> b.sumAll(
                        b.mul(losses, update.stepWeights(b, task, steps).orElseThrow())));
        Contribution contribution = outer.of(
                b,
                new AdaptationResult(
                        task,
                        theta,
                        end,
                        objective.orElse(queryLoss),
                        model.batchStatistics(b, used, task.query().x(), context)));

        Map<String, Value> measures = new LinkedHashMap<>();
        measures.put("query_loss", queryLoss);
        measures.put("support_loss", trace.firstLoss());
        model.accuracy(b, output, task.query().targets())
                .ifPresent(accuracy -> measures.put("query_accuracy", accuracy));
        objective.ifPresent(value -> measures.put("objective", value));
        measures.putAll(contribution.measures());
        return new Contribution(contribution.sums(), measures);
    }

    /** The program of {@link Algorithm#adapt}. */
    Program adapt(String name, Model model, EpisodeLayout layout) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Task task = task(b, model, layout, theta);
        State state = adapt(b, task, theta).state();
        return b.build(name + "-adapt", NamedValues.outputs(state.phi(), Program.Reduction.SUM));
    }

    private Task task(ProgramBuilder b, Model model, EpisodeLayout layout, Map<String, Value> theta) {
        Batch.requireWeightsSupported(model, layout);
        List<String> additional = new ArrayList<>();
        if (model.random()) {
            additional.add(EpisodeLayout.KEY);
        }
        if (update.roundDependent()) {
            additional.add(EpisodeLayout.ROUND);
        }
        Map<String, Value> episode = EpisodeValues.declare(b, layout, layout.arraysAnd(additional));
        return new Task(
                model,
                NamedValues.only(theta, update.extraInputs(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.ofNullable(episode.get(EpisodeLayout.KEY)),
                Optional.ofNullable(episode.get(EpisodeLayout.ROUND)));
    }

    /** The context of a forward pass; if the model draws random numbers, with a key that differs by {@code number}. */
    private static ForwardContext pass(ProgramBuilder b, Task task, Value number) {
        return task.key()
                .map(parts -> ForwardContext.dropping(b.concat(0, List.of(parts, b.reshape(number, Shape.of(1))))))
                .orElse(ForwardContext.PLAIN);
    }

    private AdaptationTrace adapt(ProgramBuilder b, Task task, Map<String, Value> theta) {
        State start = new State(
                update.start(b, task.model(), theta, task.support()), update.optimizerState(b, task.model(), theta));
        boolean unrolled = steps <= update.settings().unroll().orElse(update.unrollLimit()) || steps == 0;
        return unrolled ? adaptUnrolled(b, task, start) : adaptInLoop(b, task, start);
    }

    private AdaptationTrace adaptUnrolled(ProgramBuilder b, Task task, State start) {
        Optional<Value> rows = steps > 0 ? update.batchRows(b, task.support().size(), steps) : Optional.empty();
        boolean measured = update.stepWeights(b, task, steps).isPresent();
        State state = start;
        List<Value> queryLosses = new ArrayList<>();
        List<Value> supportLosses = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            int index = step;
            Optional<Value> stepRows = rows.map(all -> row(b, all, index));
            InnerStep moved = moved(b, task, state, b.constant(step), stepRows);
            supportLosses.add(moved.loss());
            state = moved.state();
            if (measured) {
                Value loss = queryLoss(b, task, state, b.constant(step));
                queryLosses.add(b.reshape(loss, Shape.of(1)));
            }
        }
        Value firstLoss = steps > 0
                ? supportLosses.get(0)
                : supportLoss(b, task, update.begin(b, task, start.phi(), b.constant(0)), b.constant(0), rows);
        return new AdaptationTrace(
                state, firstLoss, measured ? Optional.of(b.concat(0, queryLosses)) : Optional.empty());
    }

    /**
     * The state with optimization barriers around the adapting parameters, corresponding to the inputs of a loop body: values
     * computed from the barriers depend on them explicitly and can be differentiated with respect to them.
     */
    private State fresh(ProgramBuilder b, Task task, State state) {
        Map<String, Value> phi = new LinkedHashMap<>(state.phi());
        update.adapting(task.model()).forEach(name -> phi.computeIfPresent(name, (any, value) -> b.barrier(value)));
        return new State(phi, state.optimizerState());
    }

    private static Value row(ProgramBuilder b, Value rows, int place) {
        return b.reshape(
                b.slice(rows, 0, place, place + 1), Shape.of(rows.shape().dim(1)));
    }

    private AdaptationTrace adaptInLoop(ProgramBuilder b, Task task, State start) {
        boolean measured = update.stepWeights(b, task, steps).isPresent();
        LoopedAdaptation loopedAdaptation = new LoopedAdaptation(
                b, task, start, steps, measured ? LoopedAdaptation.Halves.BOTH : LoopedAdaptation.Halves.SUPPORT);
        ProgramBuilder sb = loopedAdaptation.step;
        InnerStep step = moved(
                sb, loopedAdaptation.task, loopedAdaptation.state, loopedAdaptation.number, loopedAdaptation.rows);
        Map<String, Value> stacked = new LinkedHashMap<>();
        stacked.put("support_loss", step.loss());
        if (measured) {
            stacked.put("query_loss", queryLoss(sb, loopedAdaptation.task, step.state(), loopedAdaptation.number));
        }
        LoopedAdaptation.Results results = loopedAdaptation.run(step.state(), stacked);
        Value firstLoss = b.slice(NamedValues.value(results.stacked(), "support_loss"), 0, 0, 1);
        return new AdaptationTrace(
                results.state(),
                b.reshape(firstLoss, Shape.scalar()),
                Optional.ofNullable(results.stacked().get("query_loss")));
    }

    /** The state after a step and the support loss before it. */
    private record InnerStep(State state, Value loss) {}

    private InnerStep moved(ProgramBuilder b, Task task, State before, Value number, Optional<Value> rows) {
        State state = fresh(b, task, new State(update.begin(b, task, before.phi(), number), before.optimizerState()));
        Value loss = supportLoss(b, task, state.phi(), number, rows);
        List<String> adapting = update.adapting(task.model());
        Map<String, Value> gradients =
                NamedValues.of(adapting, Autodiff.grad(b, loss, NamedValues.values(state.phi(), adapting)));
        return new InnerStep(update.step(b, task, state, gradients, number), loss);
    }

    private Value supportLoss(ProgramBuilder b, Task task, Map<String, Value> phi, Value number, Optional<Value> rows) {
        Batch batch = rows.map(indices -> task.support().rows(b, indices)).orElse(task.support());
        Map<String, Value> used = update.effectiveParameters(b, task, phi, number);
        Model model = task.model();
        return model.loss(b, model.output(b, used, batch.x(), pass(b, task, number)), batch.targets());
    }

    /**
     * The query loss after a step. The key of its pass differs from those of all passes over the support set; after the last
     * step it is that of the final query pass.
     */
    private Value queryLoss(ProgramBuilder b, Task task, State state, Value number) {
        Map<String, Value> used = update.effectiveParameters(b, task, state.phi(), number);
        ForwardContext context = pass(b, task, b.sub(b.constant(2 * steps - 1), number));
        Value output =
                task.model().predict(b, used, task.support().x(), task.query().x(), context);
        return task.model().loss(b, output, task.query().targets());
    }

    /** The program of {@link Algorithm#evaluate}; without dropout. */
    Program evaluate(String name, Model model, EpisodeLayout layout, int count) {
        return curve(name + "-evaluate", model, layout, count, (b, task, used) -> {
            Value output =
                    model.predict(b, used, task.support().x(), task.query().x(), ForwardContext.PLAIN);
            return scores(b, model, output, task.query());
        });
    }

    /** {@code loss} and, for classification, {@code accuracy} of outputs [examples, outputs]. */
    private static Map<String, Value> scores(ProgramBuilder b, Model model, Value output, Batch batch) {
        Map<String, Value> scores = new LinkedHashMap<>();
        scores.put("loss", model.loss(b, output, batch.targets()));
        model.accuracy(b, output, batch.targets()).ifPresent(accuracy -> scores.put("accuracy", accuracy));
        return scores;
    }

    /** The program of {@link Algorithm#predict}; without dropout. */
    Program predict(String name, Model model, EpisodeLayout layout, int count) {
        return curve(
                name + "-predict",
                model,
                layout,
                count,
                (b, task, used) -> Map.of(
                        "prediction",
                        model.predict(b, used, task.support().x(), task.query().x(), ForwardContext.PLAIN)));
    }

    /** The program of {@link Algorithm#adaptation}; without dropout. */
    Program adaptation(String name, Model model, EpisodeLayout layout, int count) {
        requireSteps(count);
        Batch.requireWeightsSupported(model, layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Batch support = Batch.support(EpisodeValues.declare(b, layout, layout.supportArrays()));
        Task task = new Task(
                model,
                NamedValues.only(theta, update.extraInputs(model)),
                support,
                support,
                Optional.empty(),
                Optional.empty());
        State state = new State(update.start(b, model, theta, support), update.optimizerState(b, model, theta));
        if (count > 0) {
            LoopedAdaptation looped = new LoopedAdaptation(b, task, state, count, LoopedAdaptation.Halves.SUPPORT);
            State next = moved(looped.step, looped.task, looped.state, looped.number, looped.rows)
                    .state();
            state = looped.run(next, Map.of()).state();
        }
        Map<String, Value> adapted =
                update.effectiveParameters(b, task, state.phi(), b.constant(Math.max(0, count - 1)));
        return b.build(
                name + "-adaptation",
                NamedValues.outputs(NamedValues.only(adapted, model.parameters().names()), Program.Reduction.SUM));
    }

    /** The program of {@link Algorithm#forward}; without dropout. */
    static Program forward(String name, Model model, EpisodeLayout layout) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> adapted = NamedValues.declare(b, model.parameters(), Program.Scope.BROADCAST);
        Map<String, Value> inputs = EpisodeValues.declare(b, layout, layout.inputArrays());
        Value prediction = model.predict(
                b,
                adapted,
                NamedValues.value(inputs, EpisodeLayout.SUPPORT_X),
                NamedValues.value(inputs, EpisodeLayout.QUERY_X),
                ForwardContext.PLAIN);
        return b.build(
                name + "-forward", List.of(new Program.Output("prediction", Program.Reduction.PER_TASK, prediction)));
    }

    private static void requireSteps(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("evaluation.steps is " + count + "; it must be at least 0");
        }
    }

    /** The program that stacks the outputs of {@code measure} after 0, 1, ... count steps. */
    private Program curve(String name, Model model, EpisodeLayout layout, int count, Measure measure) {
        requireSteps(count);
        Batch.requireWeightsSupported(model, layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Map<String, Value> episode = EpisodeValues.declare(b, layout, layout.arrays());
        Task task = task(model, theta, episode);
        State start = new State(update.start(b, model, theta, task.support()), update.optimizerState(b, model, theta));
        Map<String, Value> before =
                measure.of(b, task, update.effectiveParameters(b, task, start.phi(), b.constant(0)));
        Map<String, Value> after = count > 0 ? afterEachStep(b, task, start, count, measure) : Map.of();
        Map<String, Value> curves = new LinkedHashMap<>();
        before.forEach((metric, value) -> {
            List<Value> curve = new ArrayList<>();
            curve.add(b.reshape(value, value.shape().stacked(1)));
            if (count > 0) {
                curve.add(NamedValues.value(after, metric));
            }
            curves.put(metric, b.concat(0, curve));
        });
        return b.build(name, NamedValues.outputs(curves, Program.Reduction.PER_TASK));
    }

    private Map<String, Value> afterEachStep(ProgramBuilder b, Task task, State start, int count, Measure measure) {
        LoopedAdaptation loopedAdaptation = new LoopedAdaptation(b, task, start, count, LoopedAdaptation.Halves.BOTH);
        State next = moved(
                        loopedAdaptation.step,
                        loopedAdaptation.task,
                        loopedAdaptation.state,
                        loopedAdaptation.number,
                        loopedAdaptation.rows)
                .state();
        Map<String, Value> used = update.effectiveParameters(
                loopedAdaptation.step, loopedAdaptation.task, next.phi(), loopedAdaptation.number);
        return loopedAdaptation
                .run(next, measure.of(loopedAdaptation.step, loopedAdaptation.task, used))
                .stacked();
    }

    /** Builds inner steps as a loop, whose body has the state and the task as inputs. */
    private final class LoopedAdaptation {
        /** The sets of an episode that the loop body needs. */
        enum Halves {
            SUPPORT,
            BOTH
        }

        private static final String NUMBER = "step";
        private static final String ROWS = "rows";
        /** The name prefix of arrays of θ that steps read in addition to the parameters. */
        private static final String READ = "read ";

        /** The state after the last step and the stacked outputs of all steps. */
        record Results(State state, Map<String, Value> stacked) {}

        private final State start;
        private final List<String> moving;
        private final LoopBuilder loop;
        private final ProgramBuilder step;
        private final State state;
        private final Value number;
        private final Optional<Value> rows;
        private final Task task;

        LoopedAdaptation(ProgramBuilder b, Task outside, State start, int count, Halves halves) {
            this.start = start;
            this.moving = update.adapting(outside.model());
            Map<String, Value> carries = new LinkedHashMap<>(NamedValues.only(start.phi(), moving));
            carries.putAll(start.optimizerState());
            Map<String, Value> stacks = new LinkedHashMap<>();
            if (outside.key().isPresent() || update.stepDependent()) {
                stacks.put(NUMBER, b.iota(count));
            }
            update.batchRows(b, outside.support().size(), count).ifPresent(all -> stacks.put(ROWS, all));
            this.loop = new LoopBuilder(b, count, carries, stacks, invariants(outside, halves));
            this.step = loop.step();
            this.number = Optional.ofNullable(loop.each().get(NUMBER)).orElseGet(() -> step.constant(0));
            this.rows = Optional.ofNullable(loop.each().get(ROWS));
            this.task = taskInside(outside, halves);
            Map<String, Value> phi = new LinkedHashMap<>();
            start.phi()
                    .keySet()
                    .forEach(name -> phi.put(
                            name, NamedValues.value(carries.containsKey(name) ? loop.carried() : loop.fixed(), name)));
            this.state = new State(
                    phi, NamedValues.only(loop.carried(), start.optimizerState().keySet()));
        }

        /** The loop invariants. */
        private Map<String, Value> invariants(Task outside, Halves halves) {
            Map<String, Value> invariants = new LinkedHashMap<>();
            invariants.put(EpisodeLayout.SUPPORT_X, outside.support().x());
            invariants.put(EpisodeLayout.SUPPORT_Y, outside.support().y());
            outside.support().weights().ifPresent(each -> invariants.put(EpisodeLayout.SUPPORT_WEIGHTS, each));
            if (halves == Halves.BOTH) {
                invariants.put(EpisodeLayout.QUERY_X, outside.query().x());
                invariants.put(EpisodeLayout.QUERY_Y, outside.query().y());
                outside.query().weights().ifPresent(each -> invariants.put(EpisodeLayout.QUERY_WEIGHTS, each));
            }
            outside.extraInputs().forEach((name, value) -> invariants.put(READ + name, value));
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
            outside.extraInputs()
                    .keySet()
                    .forEach(name -> reads.put(name, NamedValues.value(loop.fixed(), READ + name)));
            return new Task(
                    outside.model(),
                    reads,
                    support,
                    halves == Halves.BOTH ? Batch.query(loop.fixed()) : support,
                    Optional.ofNullable(loop.fixed().get(EpisodeLayout.KEY)),
                    Optional.ofNullable(loop.fixed().get(EpisodeLayout.ROUND)));
        }

        /** Builds the loop of steps that end in the given state and output the given values. */
        Results run(State next, Map<String, Value> stacked) {
            Map<String, Value> moved = new LinkedHashMap<>(NamedValues.only(next.phi(), moving));
            moved.putAll(next.optimizerState());
            Map<String, Value> results = loop.run("inner-step", moved, stacked);
            Map<String, Value> phi = new LinkedHashMap<>(start.phi());
            phi.putAll(NamedValues.only(results, moving));
            return new Results(
                    new State(
                            phi,
                            NamedValues.only(results, start.optimizerState().keySet())),
                    NamedValues.only(results, stacked.keySet()));
        }
    }
}
