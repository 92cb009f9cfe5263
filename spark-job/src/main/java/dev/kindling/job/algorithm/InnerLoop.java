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
 * The programs of the methods that adapt a task's parameters step by step, as an {@link StepUpdate} says. What such a method
 * makes of the adapted parameters is its {@link OuterObjective}.
 */
final class InnerLoop {
    /**
     * Up to so many steps are written out as a rule. Then the adapted weights stay visible as θ minus a few products, which
     * a backend need not write down; with more steps that no longer pays, and a repeat keeps the program's size apart from
     * the number of steps.
     */
    static final int UNROLL_LIMIT = 2;

    /** What a task contributes: a value for each array of θ, in its order, from where adaptation has led. */
    @FunctionalInterface
    interface OuterObjective {
        Contribution of(ProgramBuilder b, AdaptationResult result);
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
     * @param batchStatistics what statistics follow
     */
    record AdaptationResult(
            Task task, Map<String, Value> theta, State state, Value objective, Map<String, Value> batchStatistics) {}

    /** Adaptation, and the support loss before it; behind each step the query loss, where the rule wants it: [steps]. */
    private record AdaptationTrace(State state, Value firstLoss, Optional<Value> queryLosses) {}

    /** What is measured of a task. */
    @FunctionalInterface
    private interface Measure {
        Map<String, Value> of(ProgramBuilder b, Task task, Map<String, Value> used);
    }

    private final InnerUpdate update;
    private final int steps;

    /** The inner loop of a rule, of so many steps in training. */
    InnerLoop(InnerUpdate update, int steps) {
        this.update = update;
        this.steps = steps;
    }

    /** ∇_θ of the objective; for what follows statistics, how far it is from those of the query pass. */
    static List<Value> derivative(ProgramBuilder b, AdaptationResult result) {
        List<String> trained = result.theta().keySet().stream()
                .filter(name -> !result.batchStatistics().containsKey(name))
                .toList();
        Map<String, Value> gradients = NamedValues.of(
                trained, Autodiff.grad(b, result.objective(), NamedValues.values(result.theta(), trained)));
        List<Value> metaGradient = new ArrayList<>();
        result.theta().forEach((name, value) -> {
            Value observed = result.batchStatistics().get(name);
            metaGradient.add(observed == null ? NamedValues.value(gradients, name) : b.sub(value, observed));
        });
        return metaGradient;
    }

    /** θ. */
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

    /** The task of an episode's arrays, where its model draws nothing and nothing differs by the round. */
    Task task(Model model, Map<String, Value> theta, Map<String, Value> episode) {
        return new Task(
                model,
                NamedValues.only(theta, update.extraInputs(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.empty(),
                Optional.empty());
    }

    /** What a task contributes, and all that {@link Algorithm#train} measures of it. */
    Contribution contribution(ProgramBuilder b, Task task, Map<String, Value> theta, OuterObjective outer) {
        Model model = task.model();
        AdaptationTrace trace = adapt(b, task, theta);
        State end = fresh(b, task, trace.state());
        Map<String, Value> used = update.effectiveParameters(b, task, end.phi(), b.constant(Math.max(steps - 1, 0)));
        ForwardContext context = pass(b, task, b.constant(steps));
        Value output = model.predict(b, used, task.support().x(), task.query().x(), context);
        Value queryLoss = model.loss(b, output, task.query().y());
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
        model.accuracy(b, output, task.query().y()).ifPresent(accuracy -> measures.put("query_accuracy", accuracy));
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
        List<String> asked = new ArrayList<>();
        if (model.random()) {
            asked.add(EpisodeLayout.KEY);
        }
        if (update.roundDependent()) {
            asked.add(EpisodeLayout.ROUND);
        }
        Map<String, Value> episode = NamedValues.declare(b, layout.arraysAnd(asked), Program.Scope.TASK);
        return new Task(
                model,
                NamedValues.only(theta, update.extraInputs(model)),
                Batch.support(episode),
                Batch.query(episode),
                Optional.ofNullable(episode.get(EpisodeLayout.KEY)),
                Optional.ofNullable(episode.get(EpisodeLayout.ROUND)));
    }

    /** A pass with a key of its own for each step, where the model draws random numbers. */
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
            int place = step;
            Optional<Value> own = rows.map(all -> row(b, all, place));
            InnerStep moved = moved(b, task, state, b.constant(step), own);
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
     * The state with what adapts behind barriers, as the step program of a repeat has it in inputs of its own: however
     * parameters came about, whatever is computed from these contains them and can be differentiated by them.
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

    /** A step, and the support loss before it. */
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
        Batch batch = rows.map(places -> task.support().rows(b, places)).orElse(task.support());
        Map<String, Value> used = update.effectiveParameters(b, task, phi, number);
        Model model = task.model();
        return model.loss(b, model.output(b, used, batch.x(), pass(b, task, number)), batch.y());
    }

    /**
     * The query loss behind a step. Its pass draws by a number that no pass over the support set has, behind the last step by
     * that of the final query pass.
     */
    private Value queryLoss(ProgramBuilder b, Task task, State state, Value number) {
        Map<String, Value> used = update.effectiveParameters(b, task, state.phi(), number);
        ForwardContext context = pass(b, task, b.sub(b.constant(2 * steps - 1), number));
        Value output =
                task.model().predict(b, used, task.support().x(), task.query().x(), context);
        return task.model().loss(b, output, task.query().y());
    }

    /** The program of {@link Algorithm#evaluate}; nothing is dropped. */
    Program evaluate(String name, Model model, EpisodeLayout layout, int count) {
        return curve(name + "-evaluate", model, layout, count, (b, task, used) -> {
            Value output =
                    model.predict(b, used, task.support().x(), task.query().x(), ForwardContext.PLAIN);
            return EvaluationOutputs.of(b, model, output, task.query());
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
                        model.predict(b, used, task.support().x(), task.query().x(), ForwardContext.PLAIN)));
    }

    /** The program of {@link Algorithm#adaptation}; nothing is dropped. */
    Program adaptation(String name, Model model, EpisodeLayout layout, int count) {
        requireSteps(count);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Batch support = Batch.support(NamedValues.declare(b, layout.supportArrays(), Program.Scope.TASK));
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

    /** The program of {@link Algorithm#forward}; nothing is dropped. */
    static Program forward(String name, Model model, EpisodeLayout layout) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> adapted = NamedValues.declare(b, model.parameters(), Program.Scope.BROADCAST);
        Map<String, Value> inputs = NamedValues.declare(b, layout.inputArrays(), Program.Scope.TASK);
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

    /** What is measured after 0, 1, ... count steps. */
    private Program curve(String name, Model model, EpisodeLayout layout, int count, Measure measure) {
        requireSteps(count);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, update.parameters(model), Program.Scope.BROADCAST);
        Map<String, Value> episode = NamedValues.declare(b, layout.arrays(), Program.Scope.TASK);
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

    /** So many steps as one value: a step program whose inputs stand for the state and the task. */
    private final class LoopedAdaptation {
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

        /** What is the same in every step. */
        private Map<String, Value> invariants(Task outside, Halves halves) {
            Map<String, Value> invariants = new LinkedHashMap<>();
            invariants.put(EpisodeLayout.SUPPORT_X, outside.support().x());
            invariants.put(EpisodeLayout.SUPPORT_Y, outside.support().y());
            if (halves == Halves.BOTH) {
                invariants.put(EpisodeLayout.QUERY_X, outside.query().x());
                invariants.put(EpisodeLayout.QUERY_Y, outside.query().y());
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

        /** Runs the steps, each of which ends in the given state and gives the given values. */
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
