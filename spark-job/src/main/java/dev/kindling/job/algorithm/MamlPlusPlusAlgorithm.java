package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * MAML++: Antoniou, Edwards and Storkey, ICLR 2019, section 4. As {@link MamlAlgorithm} with K steps, and
 *
 * <ul>
 *   <li>a learned rate for each array and step (LSLR), initially {@code algorithm.inner-learning-rate};
 *   <li>the query losses after all steps in the objective (MSL): in round e each but the last has weight
 *       max(1/K - e/(K·E), 0.03/K) and the last the remaining weight; from round E on only the last counts;
 *   <li>batch norm's gamma and beta for each step (BNWB), updated by the outer loop; the model's own are those of step 0;
 *       the statistics are always those of the batch;
 *   <li>first order until a given round (DA), by a second program: rounds of first order cost first-order arithmetic.
 * </ul>
 *
 * <p>In evaluations, steps beyond K use the values of step K. The query pass after a step uses the values of that step.
 */
public final class MamlPlusPlusAlgorithm extends GradientBasedMethod {
    static final String NAME = "maml-plus-plus";
    private static final String RATE = NAME + ".rate.";
    private static final String OWN = NAME + ".";

    private final MamlPlusPlusUpdate mamlPlusPlusUpdate;
    private final long firstOrderUntil;

    private MamlPlusPlusAlgorithm(MamlPlusPlusUpdate mamlPlusPlusUpdate, long firstOrderUntil) {
        super(NAME, mamlPlusPlusUpdate, mamlPlusPlusUpdate.settings().steps());
        requireRound("maml-plus-plus.first-order-until", firstOrderUntil);
        this.mamlPlusPlusUpdate = mamlPlusPlusUpdate;
        this.firstOrderUntil = firstOrderUntil;
    }

    static Algorithm of(AlgorithmConfig config) {
        return new MamlPlusPlusAlgorithm(
                new MamlPlusPlusUpdate(
                        InnerSettings.of(config),
                        config.count("maml-plus-plus.anneal"),
                        config.bool("maml-plus-plus.adapt-normalisation"),
                        InnerGradient.DIFFERENTIATED),
                config.count("maml-plus-plus.first-order-until"));
    }

    private static void requireRound(String key, long round) {
        if (round < 0) {
            throw new IllegalArgumentException(key + " is " + round + "; it must be at least 0");
        }
    }

    /** Whether the outer derivative passes through the inner gradients. */
    private enum InnerGradient {
        DIFFERENTIATED,
        CONSTANT
    }

    /**
     * An inner update that depends on the step and on the round.
     *
     * @param anneal E
     * @param adaptNormalisation whether tasks adapt gamma and beta too
     */
    private record MamlPlusPlusUpdate(
            InnerSettings settings, int anneal, boolean adaptNormalisation, InnerGradient innerGradient)
            implements InnerUpdate {
        /** The smallest weight of a step other than the last, times K. */
        private static final double FLOOR = 0.03;

        MamlPlusPlusUpdate {
            requireRound("maml-plus-plus.anneal", anneal);
        }

        MamlPlusPlusUpdate ofFirstOrder() {
            return new MamlPlusPlusUpdate(settings, anneal, adaptNormalisation, InnerGradient.CONSTANT);
        }

        private static boolean normalises(String name) {
            return name.endsWith("_gamma") || name.endsWith("_beta");
        }

        @Override
        public List<String> adapting(Model model) {
            if (!model.runningStatistics().isEmpty()) {
                throw new IllegalArgumentException("model.batch-norm is running; " + NAME
                        + " normalises by the batch: it must be query, support-and-query or support-and-one");
            }
            return InnerUpdate.super.adapting(model).stream()
                    .filter(name -> adaptNormalisation || !normalises(name))
                    .toList();
        }

        private static List<String> normalising(Model model) {
            return model.parameters().names().stream()
                    .filter(MamlPlusPlusUpdate::normalises)
                    .toList();
        }

        @Override
        public Layout parameters(Model model) {
            return model.parameters().then(learned(model));
        }

        private Layout learned(Model model) {
            Layout.Builder learned = Layout.builder();
            adapting(model).forEach(name -> learned.add(RATE + name, Shape.of(settings.steps())));
            if (settings.steps() > 1) {
                normalising(model)
                        .forEach(name -> learned.add(
                                OWN + name, model.parameters().shape(name).stacked(settings.steps() - 1)));
            }
            return learned.build();
        }

        @Override
        public void initialise(Model model, long seed, FlatVector target) {
            model.initialise(seed, target);
            Layout all = parameters(model);
            for (Layout.Entry entry : all.entries()) {
                String name = entry.name();
                if (name.startsWith(RATE)) {
                    for (int i = 0; i < entry.shape().size(); i++) {
                        target.set(entry.offset() + i, settings.rate());
                    }
                } else if (name.startsWith(OWN)) {
                    Layout.Entry shared = all.entry(name.substring(OWN.length()));
                    int size = shared.shape().size();
                    for (int i = 0; i < entry.shape().size(); i++) {
                        target.set(entry.offset() + i, target.at(shared.offset() + i % size));
                    }
                }
            }
        }

        @Override
        public List<String> extraInputs(Model model) {
            List<String> reads = new ArrayList<>(learned(model).names());
            if (adaptNormalisation) {
                reads.addAll(normalising(model));
            }
            return reads;
        }

        @Override
        public boolean stepDependent() {
            return true;
        }

        @Override
        public boolean roundDependent() {
            return anneal > 0;
        }

        /** The row of a stack [K, ...] for a step; beyond K the last row. */
        private Value row(ProgramBuilder b, Value stack, Value number) {
            Value last = b.constant(settings.steps() - 1);
            Value index = b.select(b.greater(number, last), last, number);
            return b.reshape(
                    b.gather(stack, b.reshape(index, Shape.of(1))),
                    stack.shape().unstacked());
        }

        /** If gamma and beta adapt, each step updates its own, not those of the previous step. */
        @Override
        public Map<String, Value> begin(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
            return adaptNormalisation ? withOwn(b, task, phi, number) : phi;
        }

        /** If gamma and beta do not adapt, a pass uses those of its step. */
        @Override
        public Map<String, Value> effectiveParameters(
                ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
            return adaptNormalisation ? phi : withOwn(b, task, phi, number);
        }

        /** The parameters with gamma and beta replaced by those of θ for a step. */
        private Map<String, Value> withOwn(ProgramBuilder b, Task task, Map<String, Value> phi, Value number) {
            if (settings.steps() == 1) {
                return phi;
            }
            Map<String, Value> ofStep = new LinkedHashMap<>(phi);
            for (String name : normalising(task.model())) {
                Value first = NamedValues.value(adaptNormalisation ? task.extraInputs() : phi, name);
                Value later = NamedValues.value(task.extraInputs(), OWN + name);
                Value stack = b.concat(0, List.of(b.reshape(first, first.shape().stacked(1)), later));
                ofStep.put(name, row(b, stack, number));
            }
            return ofStep;
        }

        @Override
        public Value gradient(ProgramBuilder b, Task task, String name, Value phi, Value gradient) {
            return innerGradient == InnerGradient.CONSTANT ? b.stopGradient(gradient) : gradient;
        }

        @Override
        public Value scaledStep(ProgramBuilder b, Task task, String name, Value number, Value step) {
            return b.mul(row(b, NamedValues.value(task.extraInputs(), RATE + name), number), step);
        }

        @Override
        public Optional<Value> stepWeights(ProgramBuilder b, Task task, int steps) {
            if (anneal == 0 || steps == 1) {
                return Optional.empty();
            }
            Value round = task.round().orElseThrow();
            Value floor = b.constant(FLOOR / steps);
            Value decreasing = b.sub(b.constant(1.0 / steps), b.mul(round, b.constant(1.0 / steps / anneal)));
            Value atLeast = b.add(floor, b.relu(b.sub(decreasing, floor)));
            Value others = b.select(b.greater(b.constant(anneal), round), atLeast, b.constant(0));
            Value last = b.sub(b.constant(1), b.mul(others, b.constant(steps - 1)));
            return Optional.of(b.concat(
                    0, List.of(b.broadcast(others, Shape.of(steps - 1)), b.reshape(last, Shape.of(1)))));
        }
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }

    @Override
    public long exactFromRound() {
        return firstOrderUntil;
    }

    @Override
    public Optional<Program> trainFirstOrder(Model model, EpisodeLayout layout) {
        return firstOrderUntil == 0
                ? Optional.empty()
                : Optional.of(new InnerLoop(mamlPlusPlusUpdate.ofFirstOrder(), steps())
                        .train(NAME + "-first-order", model, layout, this::contribution));
    }
}
