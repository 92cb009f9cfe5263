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
 * schedule), or that of a meta-optimizer with (θ - φ)/(k α) as the gradient.
 *
 * <p>Mini-batches cycle through the support set in its own order, which is random. The inner optimizer's moments are initially 0
 * for every task unless they are carried: then a task starts with the mean of the final moments of the last round's tasks, in
 * evaluations too, as in the authors' code, which shares one optimizer.
 *
 * <p>With {@link LocalOuterSteps}, groups of tasks make several outer steps before their results are averaged.
 */
public final class ReptileAlgorithm extends GradientBasedMethod {
    static final String NAME = "reptile";
    private static final String PREFIX = NAME + ".";
    private static final String STEP = "reptile.step";

    private final ReptileUpdate reptileUpdate;
    private final Optional<LocalOuterSteps> islands;
    private final boolean interpolates;
    private final InnerLoop evaluation;

    private ReptileAlgorithm(
            ReptileUpdate reptileUpdate, int evaluationBatch, Optional<LocalOuterSteps> islands, boolean interpolates) {
        super(NAME, reptileUpdate, reptileUpdate.settings().steps());
        this.reptileUpdate = reptileUpdate;
        this.islands = islands;
        this.interpolates = interpolates;
        ReptileUpdate evaluationUpdate = new ReptileUpdate(
                reptileUpdate.settings(), "reptile.evaluation-batch", evaluationBatch, reptileUpdate.carried());
        this.evaluation =
                new InnerLoop(evaluationUpdate, evaluationUpdate.settings().steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        InnerSettings settings = InnerSettings.of(config);
        boolean carried = config.bool("reptile.carry-moments");
        if (carried && settings.plain()) {
            throw new IllegalArgumentException(
                    "reptile.carry-moments is true, but algorithm.inner-optimizer is sgd, which "
                            + "has none; it must be momentum, rmsprop or adam");
        }
        return new ReptileAlgorithm(
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
     * An inner update on mini-batches; it is not differentiated.
     *
     * @param key of the batch
     * @param batch number of examples of a step; 0 for the whole support set
     * @param carried whether moments are arrays of θ
     */
    private record ReptileUpdate(InnerSettings settings, String key, int batch, boolean carried)
            implements InnerUpdate {
        ReptileUpdate {
            if (batch < 0) {
                throw new IllegalArgumentException(key + " is " + batch + "; it must be at least 0");
            }
        }

        /** The arrays of θ that carry the state of the inner optimizer. */
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
            int start = model.parameters().size();
            for (Layout.Entry entry : carriers(model).entries()) {
                for (int i = 0; i < entry.shape().size(); i++) {
                    target.set(
                            start + entry.offset() + i,
                            InnerOptimizerState.first(entry.name().substring(PREFIX.length())));
                }
            }
        }

        @Override
        public Map<String, Value> optimizerState(ProgramBuilder b, Model model, Map<String, Value> theta) {
            if (!carried) {
                return InnerUpdate.super.optimizerState(b, model, theta);
            }
            Map<String, Value> state = new LinkedHashMap<>();
            for (String carrier : carriers(model).names()) {
                String name = carrier.substring(PREFIX.length());
                Value carried = NamedValues.value(theta, carrier);
                // Rounding can make a mean of squares slightly negative, because it is computed as a difference from
                // the previous one.
                state.put(name, InnerOptimizerState.squares(name) ? b.relu(carried) : carried);
            }
            return state;
        }

        @Override
        public Optional<Value> batchRows(ProgramBuilder b, int examples, int steps) {
            if (batch == 0 || batch >= examples) {
                return Optional.empty();
            }
            int needed = steps * batch;
            int rounds = (needed + examples - 1) / examples;
            Value repeated = b.concat(0, Collections.nCopies(rounds, b.iota(examples)));
            return Optional.of(b.reshape(b.slice(repeated, 0, 0, needed), Shape.of(steps, batch)));
        }
    }

    @Override
    Contribution contribution(ProgramBuilder b, AdaptationResult result) {
        Value scale = b.constant(scale());
        List<Value> sums = new ArrayList<>();
        delta(b, result).forEach((name, value) -> sums.add(isAveraged(result, name) ? value : b.mul(scale, value)));
        return new Contribution(sums, Map.of());
    }

    /** The factor of θ - φ in the contribution of a task or island. */
    private double scale() {
        InnerSettings settings = reptileUpdate.settings();
        return interpolates ? 1 : 1 / (settings.steps() * settings.rate());
    }

    /** θ - φ; for running statistics and carried moments, the difference of θ and the task's final values. */
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

    private static boolean isAveraged(AdaptationResult result, String name) {
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

    /** Empty with islands, which adapt to several tasks one after another. */
    @Override
    public Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return islands.isPresent() ? Optional.empty() : super.adapt(model, layout);
    }

    @Override
    public Claim claim() {
        return Claim.DELTA;
    }

    /** Carried moments are replaced by the mean of the final moments of the round's tasks. */
    @Override
    public Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> rates = new TreeMap<>(super.runningStatistics(model));
        reptileUpdate.carriers(model).names().forEach(name -> rates.put(name, 1.0));
        return rates;
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
