package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.AdaptationResult;
import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
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
 * <p>With {@link LocalOuterSteps} groups of tasks make outer steps of their own before they are folded.
 */
public final class Reptile extends GradientBasedMethod {
    static final String NAME = "reptile";
    private static final String PREFIX = NAME + ".";
    private static final String STEP = "reptile.step";

    private final ReptileUpdate reptileUpdate;
    private final Optional<LocalOuterSteps> islands;
    private final boolean interpolates;
    private final InnerLoop evaluation;

    private Reptile(
            ReptileUpdate reptileUpdate, int evaluationBatch, Optional<LocalOuterSteps> islands, boolean interpolates) {
        super(NAME, reptileUpdate, reptileUpdate.settings().steps());
        this.reptileUpdate = reptileUpdate;
        this.islands = islands;
        this.interpolates = interpolates;
        ReptileUpdate held = new ReptileUpdate(
                reptileUpdate.settings(), "reptile.evaluation-batch", evaluationBatch, reptileUpdate.carried());
        this.evaluation = new InnerLoop(held, held.settings().steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        InnerSettings settings = InnerSettings.of(config);
        boolean carried = config.bool("reptile.carry-moments");
        if (carried && settings.plain()) {
            throw new IllegalArgumentException(
                    "reptile.carry-moments is true, but algorithm.inner-optimizer is sgd, which "
                            + "has none; it must be momentum, rmsprop or adam");
        }
        return new Reptile(
                new ReptileUpdate(settings, "reptile.batch", config.count("reptile.batch"), carried),
                config.count("reptile.evaluation-batch"),
                islands(config),
                !config.isKeyword(STEP, "optimizer"));
    }

    private static Optional<LocalOuterSteps> islands(AlgorithmConfig config) {
        int count = config.count("reptile.islands");
        if (count < 0) {
            throw new IllegalArgumentException("reptile.islands is " + count + "; it must be at least 0");
        }
        LocalOuterSteps localSteps = new LocalOuterSteps(
                Math.max(1, count), config.count("reptile.island-steps"), config.number("reptile.island-rate"));
        return count == 0 ? Optional.empty() : Optional.of(localSteps);
    }

    /**
     * Steps on mini-batches that nobody differentiates.
     *
     * @param key of the batch
     * @param batch examples of a step; 0 for the whole support set
     * @param carried whether moments are arrays of θ
     */
    private record ReptileUpdate(InnerSettings settings, String key, int batch, boolean carried)
            implements InnerUpdate {
        ReptileUpdate {
            if (batch < 0) {
                throw new IllegalArgumentException(key + " is " + batch + "; it must be at least 0");
            }
        }

        /** The arrays of θ that carry what the inner optimizer remembers. */
        private Layout carriers(Model model) {
            Layout.Builder carriers = Layout.builder();
            if (carried) {
                InnerOptimizerState.layout(settings.optimizer(), model, adapting(model))
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
        public void initialise(Model model, long seed, FlatVector target) {
            model.initialise(seed, target);
            int begin = model.parameters().size();
            for (Layout.Entry entry : carriers(model).entries()) {
                for (int i = 0; i < entry.shape().size(); i++) {
                    target.set(
                            begin + entry.offset() + i,
                            InnerOptimizerState.first(entry.name().substring(PREFIX.length())));
                }
            }
        }

        @Override
        public Map<String, Value> optimizerState(ProgramBuilder b, Model model, Map<String, Value> theta) {
            if (!carried) {
                return InnerUpdate.super.optimizerState(b, model, theta);
            }
            Map<String, Value> memory = new LinkedHashMap<>();
            for (String carrier : carriers(model).names()) {
                String name = carrier.substring(PREFIX.length());
                Value carried = NamedValues.value(theta, carrier);
                // A mean of squares, taken as a distance from the one before, may come out a little below 0.
                memory.put(name, InnerOptimizerState.squares(name) ? b.relu(carried) : carried);
            }
            return memory;
        }

        @Override
        public Optional<Value> batchRows(ProgramBuilder b, int examples, int steps) {
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
    Contribution contribution(ProgramBuilder b, AdaptationResult result) {
        Value scale = b.constant(scale());
        List<Value> sums = new ArrayList<>();
        delta(b, result).forEach((name, value) -> sums.add(followed(result, name) ? value : b.mul(scale, value)));
        return new Contribution(sums, Map.of());
    }

    /** Of θ - φ, in what a task or an island contributes. */
    private double scale() {
        InnerSettings settings = reptileUpdate.settings();
        return interpolates ? 1 : 1 / (settings.steps() * settings.rate());
    }

    /** θ - φ; for what follows statistics or carries moments, how far θ is from what the task ended with. */
    private static Map<String, Value> delta(ProgramBuilder b, AdaptationResult result) {
        Map<String, Value> delta = new LinkedHashMap<>();
        result.theta().forEach((name, theta) -> {
            Value end;
            if (name.startsWith(PREFIX)) {
                end = NamedValues.value(result.state().optimizerState(), name.substring(PREFIX.length()));
            } else if (result.batchStatistics().containsKey(name)) {
                end = NamedValues.value(result.batchStatistics(), name);
            } else {
                end = NamedValues.value(result.state().phi(), name);
            }
            delta.put(name, b.sub(theta, end));
        });
        return delta;
    }

    private static boolean followed(AdaptationResult result, String name) {
        return name.startsWith(PREFIX) || result.batchStatistics().containsKey(name);
    }

    @Override
    public int tasksPerContribution(int tasksPerRound) {
        return islands.map(all -> all.together(tasksPerRound)).orElse(1);
    }

    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return islands.map(all -> all.train(
                        model,
                        layout,
                        training(),
                        (b, result) ->
                                new Contribution(List.copyOf(delta(b, result).values()), Map.of()),
                        runningStatistics(model).keySet(),
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
    public Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> followers = new TreeMap<>(super.runningStatistics(model));
        reptileUpdate.carriers(model).names().forEach(name -> followers.put(name, 1.0));
        return followers;
    }

    @Override
    public Optional<String> interpolationRateKey() {
        return interpolates ? Optional.of(STEP) : Optional.empty();
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int count) {
        return evaluation.evaluate(NAME, model, layout, count);
    }

    @Override
    public Optional<Program> adaptation(Model model, EpisodeLayout layout, int count) {
        return Optional.of(evaluation.adaptation(NAME, model, layout, count));
    }

    @Override
    public Program predict(Model model, EpisodeLayout layout, int count) {
        return evaluation.predict(NAME, model, layout, count);
    }
}
