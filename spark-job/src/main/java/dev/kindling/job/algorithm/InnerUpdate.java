package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The initial values of a task's parameters φ and the rule of one inner step. By default φ starts at θ, and every parameter
 * except running statistics is updated by φ ← φ - α s, where s is the inner optimizer's step for the support gradient. Methods
 * override what differs.
 */
interface InnerUpdate {
    InnerSettings settings();

    /** The layout of θ. */
    default Layout parameters(Model model) {
        return model.parameters();
    }

    /** Draws the initial θ. */
    default void initialise(Model model, long seed, FlatVector target) {
        model.initialise(seed, target);
    }

    /** φ before the first step: a value for each of the model's parameters. */
    default Map<String, Value> start(ProgramBuilder b, Model model, Map<String, Value> theta, Batch support) {
        return NamedValues.only(theta, model.parameters().names());
    }

    /** The parameters that steps update, in the model's order. */
    default List<String> adapting(Model model) {
        return model.parameters().names().stream()
                .filter(name -> !model.runningStatistics().contains(name))
                .toList();
    }

    /** The initial state of the inner optimizer. */
    default Map<String, Value> optimizerState(ProgramBuilder b, Model model, Map<String, Value> theta) {
        Map<String, Value> optimizerState = new LinkedHashMap<>();
        InnerOptimizerState.layout(settings().optimizer(), model, adapting(model))
                .entries()
                .forEach(entry -> optimizerState.put(
                        entry.name(), b.full(entry.shape(), InnerOptimizerState.first(entry.name()))));
        return optimizerState;
    }

    /** The names of arrays of θ that steps read in addition to the model's parameters. */
    default List<String> extraInputs(Model model) {
        return List.of();
    }

    /** Whether steps depend on their number. */
    default boolean stepDependent() {
        return false;
    }

    /** Whether the update or objective depends on the round. */
    default boolean roundDependent() {
        return false;
    }

    /** The number of steps up to which training unrolls the inner loop by default. */
    default int unrollLimit() {
        return InnerLoop.UNROLL_LIMIT;
    }

    /** The rows of the support set in each step's mini-batch, [steps, rows]; empty for the whole set. */
    default Optional<Value> batchRows(ProgramBuilder b, int examples, int steps) {
        return Optional.empty();
    }

    /** The parameters at the beginning of a step; by default those after the previous step. */
    default Map<String, Value> begin(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /**
     * The parameters that a forward pass uses.
     *
     * @param phi the task's
     * @param number 0-based index of the inner step that the pass belongs to; for the query set, of the preceding step
     */
    default Map<String, Value> effectiveParameters(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /** The gradient that the inner optimizer uses, from the support gradient of one parameter. */
    default Value gradient(ProgramBuilder b, Task task, String name, Value phi, Value gradient) {
        return gradient;
    }

    /** α s for one parameter. */
    default Value scaledStep(ProgramBuilder b, Task task, String name, Value number, Value step) {
        return b.mul(b.constant(settings().rate()), step);
    }

    /** The weights of the query losses after each step in the objective, [steps]; empty if only the last one counts. */
    default Optional<Value> stepWeights(ProgramBuilder b, Task task, int steps) {
        return Optional.empty();
    }

    /**
     * The state after one step.
     *
     * @param gradients of the support loss, one for each of {@link #adapting}
     */
    default State step(ProgramBuilder b, Task task, State state, Map<String, Value> gradients, Value number) {
        InnerOptimizer optimizer = settings().optimizer();
        Map<String, Value> phi = new LinkedHashMap<>(state.phi());
        Map<String, Value> optimizerState = new LinkedHashMap<>(state.optimizerState());
        List<Value> powers =
                optimizer.nextPowers(b, NamedValues.values(optimizerState, InnerOptimizerState.powers(optimizer)));
        optimizerState.putAll(NamedValues.of(InnerOptimizerState.powers(optimizer), powers));
        gradients.forEach((name, gradient) -> {
            List<String> moments = InnerOptimizerState.moments(optimizer, name);
            Value before = NamedValues.value(state.phi(), name);
            UpdateRule.Step step = optimizer.step(
                    b,
                    gradient(b, task, name, before, gradient),
                    NamedValues.values(state.optimizerState(), moments),
                    powers);
            optimizerState.putAll(NamedValues.of(moments, step.moments()));
            phi.put(name, b.sub(before, scaledStep(b, task, name, number, step.step())));
        });
        return new State(phi, optimizerState);
    }

    /**
     * The values of a task that steps use.
     *
     * @param extraInputs the arrays named by {@link InnerUpdate#extraInputs}
     * @param key of random numbers; empty if none are drawn
     * @param round of the task; empty if nothing depends on it
     */
    record Task(
            Model model,
            Map<String, Value> extraInputs,
            Batch support,
            Batch query,
            Optional<Value> key,
            Optional<Value> round) {}

    /**
     * The state that steps update.
     *
     * @param phi a value for each of the model's parameters
     * @param optimizerState the state of the inner optimizer
     */
    record State(Map<String, Value> phi, Map<String, Value> optimizerState) {}
}
