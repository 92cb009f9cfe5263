package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a task's parameters φ begin and how one inner step moves them. As it stands: φ begins at θ, and every parameter that
 * follows no statistics moves by φ ← φ - α s, with s what the inner optimizer makes of the support gradient. A method
 * overrides what it does differently.
 */
interface InnerUpdate {
    InnerSettings settings();

    /** θ. */
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

    /** The parameters that steps move, in the model's order. */
    default List<String> adapting(Model model) {
        return model.parameters().names().stream()
                .filter(name -> !model.runningStatistics().contains(name))
                .toList();
    }

    /** What the inner optimizer remembers before the first step. */
    default Map<String, Value> optimizerState(ProgramBuilder b, Model model, Map<String, Value> theta) {
        Map<String, Value> memory = new LinkedHashMap<>();
        InnerOptimizerState.layout(settings().optimizer(), model, adapting(model))
                .entries()
                .forEach(entry ->
                        memory.put(entry.name(), b.full(entry.shape(), InnerOptimizerState.first(entry.name()))));
        return memory;
    }

    /** Names of those arrays of θ beside the model's that steps read. */
    default List<String> extraInputs(Model model) {
        return List.of();
    }

    /** Whether steps differ by their number. */
    default boolean stepDependent() {
        return false;
    }

    /** Whether anything differs by the round. */
    default boolean roundDependent() {
        return false;
    }

    /** Up to so many steps are written out one after another in training where the settings say nothing; more are a repeat. */
    default int unrollLimit() {
        return InnerLoop.UNROLL_LIMIT;
    }

    /** For each step the rows of the support set that it descends on: [steps, rows]; empty for all of them. */
    default Optional<Value> batchRows(ProgramBuilder b, int examples, int steps) {
        return Optional.empty();
    }

    /** The task's parameters as a step begins with them: those that the step before ended with. */
    default Map<String, Value> begin(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /**
     * The parameters that a pass uses.
     *
     * @param phi the task's
     * @param number of the inner step that the pass belongs to, from 0 on: for the query set, the step just made
     */
    default Map<String, Value> effectiveParameters(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /** The derivative that a step descends by, from the support gradient of one parameter. */
    default Value gradient(ProgramBuilder b, Task task, String name, Value phi, Value gradient) {
        return gradient;
    }

    /** α s for one parameter. */
    default Value scaledStep(ProgramBuilder b, Task task, String name, Value number, Value step) {
        return b.mul(b.constant(settings().rate()), step);
    }

    /** The share that the query loss behind each step has in the objective: [steps]; empty where only the last counts. */
    default Optional<Value> stepWeights(ProgramBuilder b, Task task, int steps) {
        return Optional.empty();
    }

    /**
     * One step.
     *
     * @param gradients of the support loss, one for each of {@link #adapting}
     */
    default State step(ProgramBuilder b, Task task, State state, Map<String, Value> gradients, Value number) {
        InnerOptimizer optimizer = settings().optimizer();
        Map<String, Value> phi = new LinkedHashMap<>(state.phi());
        Map<String, Value> memory = new LinkedHashMap<>(state.optimizerState());
        List<Value> powers = optimizer.nextPowers(b, NamedValues.values(memory, InnerOptimizerState.powers(optimizer)));
        memory.putAll(NamedValues.of(InnerOptimizerState.powers(optimizer), powers));
        gradients.forEach((name, gradient) -> {
            List<String> moments = InnerOptimizerState.moments(optimizer, name);
            Value before = NamedValues.value(state.phi(), name);
            InnerOptimizer.Step step = optimizer.step(
                    b,
                    gradient(b, task, name, before, gradient),
                    NamedValues.values(state.optimizerState(), moments),
                    powers);
            memory.putAll(NamedValues.of(moments, step.moments()));
            phi.put(name, b.sub(before, scaledStep(b, task, name, number, step.step())));
        });
        return new State(phi, memory);
    }

    /**
     * A task as its steps see it.
     *
     * @param extraInputs what {@link StepUpdate#extraInputs} names
     * @param key that random numbers are drawn with; empty where nothing is drawn
     * @param round that the task belongs to; empty where nothing differs by it
     */
    record Task(
            Model model,
            Map<String, Value> extraInputs,
            Batch support,
            Batch query,
            Optional<Value> key,
            Optional<Value> round) {}

    /**
     * What steps change.
     *
     * @param phi a value for each of the model's parameters
     * @param optimizerState the inner optimizer's
     */
    record State(Map<String, Value> phi, Map<String, Value> optimizerState) {}
}
