package dev.kindling.job.algorithm;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The registry of methods by name. */
public final class Algorithms {
    private static final Map<String, Function<AlgorithmConfig, Algorithm>> KNOWN = new TreeMap<>(Map.ofEntries(
            Map.entry(MamlAlgorithm.NAME, MamlAlgorithm::of),
            Map.entry(FomamlAlgorithm.NAME, FomamlAlgorithm::of),
            Map.entry(AnilAlgorithm.NAME, AnilAlgorithm::of),
            Map.entry(MetaSgdAlgorithm.NAME, MetaSgdAlgorithm::of),
            Map.entry(MamlPlusPlusAlgorithm.NAME, MamlPlusPlusAlgorithm::of),
            Map.entry(ImplicitMamlAlgorithm.NAME, ImplicitMamlAlgorithm::of),
            Map.entry(ProtoMamlAlgorithm.NAME, ProtoMamlAlgorithm::of),
            Map.entry(ProtoNetAlgorithm.NAME, ProtoNetAlgorithm::of),
            Map.entry(RelationNetAlgorithm.NAME, RelationNetAlgorithm::of),
            Map.entry(HypernetworkAlgorithm.NAME, HypernetworkAlgorithm::of),
            Map.entry(ConditionalNeuralProcessAlgorithm.NAME, ConditionalNeuralProcessAlgorithm::of),
            Map.entry(ReptileAlgorithm.NAME, ReptileAlgorithm::of),
            Map.entry(BayesianLinearAlgorithm.NAME, BayesianLinearAlgorithm::of),
            Map.entry(RidgeHeadAlgorithm.NAME, RidgeHeadAlgorithm::of),
            Map.entry(LogisticHeadAlgorithm.NAME, LogisticHeadAlgorithm::of),
            Map.entry(TransferAlgorithm.NAME, TransferAlgorithm::of),
            Map.entry(RandomInitAlgorithm.NAME, RandomInitAlgorithm::of)));

    private Algorithms() {}

    /** The names of all methods, in alphabetical order. */
    public static Iterable<String> names() {
        TreeSet<String> names = new TreeSet<>(KNOWN.keySet());
        providers().map(AlgorithmProvider::name).forEach(names::add);
        return names;
    }

    /**
     * Creates the method named by {@code algorithm.name} from its configuration.
     *
     * @throws IllegalArgumentException listing the known names if there is none, or naming a key whose value is not allowed
     */
    public static Algorithm named(String name, AlgorithmConfig config) {
        Function<AlgorithmConfig, Algorithm> known = KNOWN.get(name);
        if (known != null) {
            return known.apply(config);
        }
        return providers()
                .filter(provider -> provider.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "algorithm.name is " + name + "; it must be one of " + String.join(", ", names())))
                .create(config);
    }

    /** The registered methods that are not Kindling's own. */
    public static Stream<AlgorithmProvider> providers() {
        return StreamSupport.stream(
                ServiceLoader.load(AlgorithmProvider.class, Algorithms.class.getClassLoader())
                        .spliterator(),
                false);
    }
}
