package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.algorithm.InnerLoop.Outcome;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reptile: Nichol, Achiam and Schulman, 2018, algorithms 1 and 2. A task takes k steps on mini-batches of its support set,
 * from θ to φ, and contributes the delta θ - φ; the next θ is θ - ε times the mean delta (plain interpolation, with ε a
 * schedule), or what a meta-optimizer makes of (θ - φ)/(k α).
 *
 * <p>Mini-batches go through the support set in its own order, which is drawn at random, and begin again at its end. The
 * inner optimizer's moments begin at 0 with every task, unless they are carried: then a task begins with the mean of where
 * the moments of the last round's tasks ended, in evaluations too, as the authors' code does by sharing one optimizer.
 *
 * <p>With {@link Islands} groups of tasks make outer steps of their own before they are folded.
 */
public final class Reptile extends AdaptingMethod {
    static final String NAME = "reptile";
    private static final String PREFIX = NAME + ".";
    private static final String STEP = "reptile.step";

    private final Rule rule;
    private final Optional<Islands> islands;
    private final boolean interpolates;
    private final InnerLoop evaluation;

    private Reptile(Rule rule, int evaluationBatch, Optional<Islands> islands, boolean interpolates) {
        super(NAME, rule, rule.settings().steps());
        this.rule = rule;
        this.islands = islands;
        this.interpolates = interpolates;
        Rule held = new Rule(rule.settings(), "reptile.evaluation-batch", evaluationBatch, rule.carried());
        this.evaluation = new InnerLoop(held, held.settings().steps());
    }

    static Algorithm of(Options options) {
        InnerSettings settings = InnerSettings.of(options);
        boolean carried = options.truth("reptile.carry-moments");
        if (carried && settings.plain()) {
            throw new IllegalArgumentException(
                    "reptile.carry-moments is true, but algorithm.inner-optimizer is sgd, which "
                            + "has none; it must be momentum, rmsprop or adam");
        }
        return new Reptile(
                new Rule(settings, "reptile.batch", options.count("reptile.batch"), carried),
                options.count("reptile.evaluation-batch"),
                islands(options),
                !options.is(STEP, "optimizer"));
    }

    private static Optional<Islands> islands(Options options) {
        int count = options.count("reptile.islands");
        if (count < 0) {
            throw new IllegalArgumentException("reptile.islands is " + count + "; it must be at least 0");
        }
        Islands islands = new Islands(
                Math.max(1, count), options.count("reptile.island-steps"), options.number("reptile.island-rate"));
        return count == 0 ? Optional.empty() : Optional.of(islands);
    }

    /**
     * Steps on mini-batches that nobody differentiates.
     *
     * @param key of the batch
     * @param batch examples of a step; 0 for the whole support set
     * @param carried whether moments are arrays of θ
     */
    private record Rule(InnerSettings settings, String key, int batch, boolean carried) implements InnerRule {
        Rule {
            if (batch < 0) {
                throw new IllegalArgumentException(key + " is " + batch + "; it must be at least 0");
            }
        }

        /** The arrays of θ that carry what the inner optimizer remembers. */
        private Layout carriers(Model model) {
            Layout.Builder carriers = Layout.builder();
            if (carried) {
                InnerMemory.layout(settings.optimizer(), model, adapting(model))
                        .entries()
                        .forEach(entry -> carriers.add(PREFIX + entry.name(), entry.shape()));
            }
            return carriers.build();
        }

        @Override
        public Layout parameters(Model model) {
            return model.parameters().then(carriers(model));
        }

        @Override
        public void initialise(Model model, long seed, Storage target) {
            model.initialise(seed, target);
            int begin = model.parameters().size();
            for (Layout.Entry entry : carriers(model).entries()) {
                for (int i = 0; i < entry.shape().size(); i++) {
                    target.set(
                            begin + entry.offset() + i,
                            InnerMemory.first(entry.name().substring(PREFIX.length())));
                }
            }
        }

        @Override
        public Map<String, Value> memory(Builder b, Model model, Map<String, Value> theta) {
            if (!carried) {
                return InnerRule.super.memory(b, model, theta);
            }
            Map<String, Value> memory = new LinkedHashMap<>();
            for (String carrier : carriers(model).names()) {
                String name = carrier.substring(PREFIX.length());
                Value carried = Named.value(theta, carrier);
                // A mean of squares, taken as a distance from the one before, may come out a little below 0.
                memory.put(name, InnerMemory.squares(name) ? b.relu(carried) : carried);
            }
            return memory;
        }

        @Override
        public Optional<Value> rows(Builder b, int examples, int steps) {
            if (batch == 0 || batch >= examples) {
                return Optional.empty();
            }
            int needed = steps * batch;
            int rounds = (needed + examples - 1) / examples;
            Value around = b.concat(0, Collections.nCopies(rounds, b.iota(examples)));
            return Optional.of(b.reshape(b.slice(around, 0, 0, needed), Shape.of(steps, batch)));
        }
    }

    @Override
    Contribution contribution(Builder b, Outcome outcome) {
        Value scale = b.constant(scale());
        List<Value> sums = new ArrayList<>();
        delta(b, outcome).forEach((name, value) -> sums.add(followed(outcome, name) ? value : b.mul(scale, value)));
        return new Contribution(sums, Map.of());
    }

    /** Of θ - φ, in what a task or an island contributes. */
    private double scale() {
        InnerSettings settings = rule.settings();
        return interpolates ? 1 : 1 / (settings.steps() * settings.rate());
    }

    /** θ - φ; for what follows statistics or carries moments, how far θ is from what the task ended with. */
    private static Map<String, Value> delta(Builder b, Outcome outcome) {
        Map<String, Value> delta = new LinkedHashMap<>();
        outcome.theta().forEach((name, theta) -> {
            Value end;
            if (name.startsWith(PREFIX)) {
                end = Named.value(outcome.state().memory(), name.substring(PREFIX.length()));
            } else if (outcome.observed().containsKey(name)) {
                end = Named.value(outcome.observed(), name);
            } else {
                end = Named.value(outcome.state().phi(), name);
            }
            delta.put(name, b.sub(theta, end));
        });
        return delta;
    }

    private static boolean followed(Outcome outcome, String name) {
        return name.startsWith(PREFIX) || outcome.observed().containsKey(name);
    }

    @Override
    public int together(int tasksPerRound) {
        return islands.map(all -> all.together(tasksPerRound)).orElse(1);
    }

    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return islands.map(all -> all.train(
                        model,
                        layout,
                        training(),
                        (b, outcome) ->
                                new Contribution(List.copyOf(delta(b, outcome).values()), Map.of()),
                        followers(model).keySet(),
                        scale()))
                .orElseGet(() -> super.train(model, layout));
    }

    /** An island adapts to its tasks one after another, and ends with parameters of none of them. */
    @Override
    public Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return islands.isPresent() ? Optional.empty() : super.adapt(model, layout);
    }

    @Override
    public Claim claim() {
        return Claim.DELTA;
    }

    /** Moments go all the way to where those of the round's tasks ended in the mean. */
    @Override
    public Map<String, Double> followers(Model model) {
        Map<String, Double> followers = new TreeMap<>(super.followers(model));
        rule.carriers(model).names().forEach(name -> followers.put(name, 1.0));
        return followers;
    }

    @Override
    public Optional<String> plainStep() {
        return interpolates ? Optional.of(STEP) : Optional.empty();
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int count) {
        return evaluation.evaluate(NAME, model, layout, count);
    }

    @Override
    public Program predict(Model model, EpisodeLayout layout, int count) {
        return evaluation.predict(NAME, model, layout, count);
    }
}
