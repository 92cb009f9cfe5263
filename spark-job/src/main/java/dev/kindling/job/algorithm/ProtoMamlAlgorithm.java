package dev.kindling.job.algorithm;

import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Proto-MAML: Triantafillou et al., ICLR 2020, section 3. As {@link MamlAlgorithm}, but the output layer is not part of θ:
 * a task initialises it from the prototypes c of its support set, W = 2 c, b = -‖c‖², equivalent to a prototypical network, and
 * adapts it with the other parameters, or alone, as in ANIL (Raghu et al., ICLR 2020, section 4), or with those that the
 * configuration names. The outer derivative includes the prototypes. Tasks may have any number of ways.
 */
public final class ProtoMamlAlgorithm extends GradientBasedMethod {
    static final String NAME = "proto-maml";

    private static final String ADAPT = NAME + ".adapt";

    /** All parameters adapt. */
    public ProtoMamlAlgorithm(InnerSettings settings) {
        this(settings, List.of("*"));
    }

    private ProtoMamlAlgorithm(InnerSettings settings, List<String> adapt) {
        super(NAME, new PrototypeHead(settings, new NamePatterns(ADAPT, adapt)), settings.steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        return new ProtoMamlAlgorithm(InnerSettings.of(config), config.strings(ADAPT));
    }

    /** An inner update that initialises the output layer from prototypes. */
    private record PrototypeHead(InnerSettings settings, NamePatterns adapt) implements InnerUpdate {
        @Override
        public List<String> adapting(Model model) {
            return adapt.matching(InnerUpdate.super.adapting(model), model.head());
        }

        @Override
        public int unrollLimit() {
            return adapt.isHead() ? AnilAlgorithm.UNROLL_LIMIT : InnerUpdate.super.unrollLimit();
        }

        @Override
        public Layout parameters(Model model) {
            return model.encoder().parameters();
        }

        @Override
        public void initialise(Model model, long seed, FlatVector target) {
            model.encoder().initialise(seed, target);
        }

        @Override
        public Map<String, Value> start(ProgramBuilder b, Model model, Map<String, Value> theta, Batch support) {
            List<String> head = model.head();
            if (head.size() != 2 || support.y().shape().rank() != 1) {
                throw new IllegalArgumentException("algorithm.name is " + NAME + "; it needs tasks with classes, as of "
                        + "task.source = few-shot, and a network whose output layer has a bias");
            }
            Shape bias = model.parameters().shape(head.get(1));
            int ways = bias.size();
            Value features = model.encoder().output(b, theta, support.x(), ForwardContext.PLAIN);
            Value prototypes = Prototypes.of(b, features, support, ways);
            Map<String, Value> phi = new LinkedHashMap<>();
            for (String name : model.parameters().names()) {
                if (name.equals(head.get(0))) {
                    phi.put(name, b.mul(b.constant(2), b.transpose(prototypes, 1, 0)));
                } else if (name.equals(head.get(1))) {
                    phi.put(name, b.reshape(b.neg(b.sum(b.square(prototypes), 1)), bias));
                } else {
                    phi.put(name, NamedValues.value(theta, name));
                }
            }
            return phi;
        }
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }
}
