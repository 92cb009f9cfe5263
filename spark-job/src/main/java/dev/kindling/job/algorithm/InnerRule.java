package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a task's parameters φ begin and how one inner step moves them. As it stands: φ begins at θ, and every parameter that
 * follows no statistics moves by φ ← φ - α s, with s what the inner optimizer makes of the support gradient. A method
 * overrides what it does differently.
 */
interface InnerRule {
    InnerSettings settings();

    /** θ. */
    default Layout parameters(Model model) {
        return model.parameters();
    }

    /** Draws the initial θ. */
    default void initialise(Model model, long seed, Storage target) {
        model.initialise(seed, target);
    }

    /** φ before the first step: a value for each of the model's parameters. */
    default Map<String, Value> start(Builder b, Model model, Map<String, Value> theta, Batch support) {
        return Named.only(theta, model.parameters().names());
    }

    /** The parameters that steps move, in the model's order. */
    default List<String> adapting(Model model) {
        return model.parameters().names().stream()
                .filter(name -> !model.statistics().contains(name))
                .toList();
    }

    /** What the inner optimizer remembers before the first step. */
    default Map<String, Value> memory(Builder b, Model model, Map<String, Value> theta) {
        Map<String, Value> memory = new LinkedHashMap<>();
        InnerMemory.layout(settings().optimizer(), model, adapting(model))
                .entries()
                .forEach(entry -> memory.put(entry.name(), b.full(entry.shape(), InnerMemory.first(entry.name()))));
        return memory;
    }

    /** Names of those arrays of θ beside the model's that steps read. */
    default List<String> reads(Model model) {
        return List.of();
    }

    /** Whether steps differ by their number. */
    default boolean numbered() {
        return false;
    }

    /** Whether anything differs by the round. */
    default boolean byRound() {
        return false;
    }

    /** Up to so many steps are written out one after another in training where the settings say nothing; more are a repeat. */
    default int writtenOut() {
        return InnerLoop.WRITTEN_OUT;
    }

    /** For each step the rows of the support set that it descends on: [steps, rows]; empty for all of them. */
    default Optional<Value> rows(Builder b, int examples, int steps) {
        return Optional.empty();
    }

    /** The task's parameters as a step begins with them: those that the step before ended with. */
    default Map<String, Value> begin(Builder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /**
     * The parameters that a pass uses.
     *
     * @param phi the task's
     * @param number of the inner step that the pass belongs to, from 0 on: for the query set, the step just made
     */
    default Map<String, Value> used(Builder b, Task task, Map<String, Value> phi, Value number) {
        return phi;
    }

    /** The derivative that a step descends by, from the support gradient of one parameter. */
    default Value gradient(Builder b, Task task, String name, Value phi, Value gradient) {
        return gradient;
    }

    /** α s for one parameter. */
    default Value scaled(Builder b, Task task, String name, Value number, Value step) {
        return b.mul(b.constant(settings().rate()), step);
    }

    /** The share that the query loss behind each step has in the objective: [steps]; empty where only the last counts. */
    default Optional<Value> weights(Builder b, Task task, int steps) {
        return Optional.empty();
    }

    /**
     * One step.
     *
     * @param gradients of the support loss, one for each of {@link #adapting}
     */
    default State step(Builder b, Task task, State state, Map<String, Value> gradients, Value number) {
        InnerOptimizer optimizer = settings().optimizer();
        Map<String, Value> phi = new LinkedHashMap<>(state.phi());
        Map<String, Value> memory = new LinkedHashMap<>(state.memory());
        List<Value> powers = optimizer.nextPowers(b, Named.values(memory, InnerMemory.powers(optimizer)));
        memory.putAll(Named.of(InnerMemory.powers(optimizer), powers));
        gradients.forEach((name, gradient) -> {
            List<String> moments = InnerMemory.moments(optimizer, name);
            Value before = Named.value(state.phi(), name);
            InnerOptimizer.Step step = optimizer.step(
                    b, gradient(b, task, name, before, gradient), Named.values(state.memory(), moments), powers);
            memory.putAll(Named.of(moments, step.moments()));
            phi.put(name, b.sub(before, scaled(b, task, name, number, step.step())));
        });
        return new State(phi, memory);
    }

    /**
     * A task as its steps see it.
     *
     * @param reads what {@link InnerRule#reads} names
     * @param key that random numbers are drawn with; empty where nothing is drawn
     * @param round that the task belongs to; empty where nothing differs by it
     */
    record Task(
            Model model,
            Map<String, Value> reads,
            Batch support,
            Batch query,
            Optional<Value> key,
            Optional<Value> round) {}

    /**
     * What steps change.
     *
     * @param phi a value for each of the model's parameters
     * @param memory the inner optimizer's
     */
    record State(Map<String, Value> phi, Map<String, Value> memory) {}
}
