package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A sequence of layers and a loss; parameter p of layer i is named {@code i_p}. */
final class Network implements Model {
    /** A layer and how it begins. */
    record InitializedLayer(Layer layer, Initializer initializer) {}

    /**
     * How parameters are called.
     *
     * @param prefix in front of each name
     * @param first the number of the first layer
     */
    record Names(String prefix, int first) {
        /** Deeplearning4j's. */
        static final Names PLAIN = new Names("", 0);

        String of(int layer, Parameter parameter) {
            return prefix + (first + layer) + "_" + parameter.name();
        }
    }

    private final Names names;
    private final Shape features;
    private final List<InitializedLayer> layers;
    private final Loss loss;
    private final BatchNormMode batchNormMode;
    private final Layout parameters;
    private final Map<String, double[]> initialWeights;

    /** A network with Deeplearning4j's names. */
    Network(List<InitializedLayer> layers, Loss loss, BatchNormMode batchNormMode, Shape features, int outputs) {
        this(Names.PLAIN, layers, loss, batchNormMode, features, outputs);
    }

    /**
     * Puts layers one behind the other.
     *
     * @param names of the parameters
     * @param batchNormMode whose statistics batch norm uses for queries
     * @param features shape of one example
     * @param outputs count of numbers that the last layer must give for an example
     * @throws IllegalArgumentException if a layer cannot take what comes before it
     */
    Network(
            Names names,
            List<InitializedLayer> layers,
            Loss loss,
            BatchNormMode batchNormMode,
            Shape features,
            int outputs) {
        this.names = names;
        this.features = features;
        this.initialWeights = Map.of();
        this.layers = List.copyOf(layers);
        this.loss = loss;
        this.batchNormMode = batchNormMode;
        Layout.Builder layout = Layout.builder();
        for (int i = 0; i < layers.size(); i++) {
            for (Parameter parameter : layers.get(i).layer().parameters()) {
                layout.add(names.of(i, parameter), parameter.shape());
            }
        }
        this.parameters = layout.build();
        Shape shape = behind();
        if (!shape.equals(Shape.of(outputs))) {
            throw new IllegalArgumentException(
                    "the network gives " + shape + " for an example; it must be [" + outputs + "]");
        }
    }

    private Network(Network network, List<InitializedLayer> layers, Layout parameters, Map<String, double[]> given) {
        this.names = network.names;
        this.features = network.features;
        this.layers = layers;
        this.loss = network.loss;
        this.batchNormMode = network.batchNormMode;
        this.parameters = parameters;
        this.initialWeights = Map.copyOf(given);
    }

    /** The same network, whose arrays of the given names begin with the given numbers. */
    Network withInitialWeights(Map<String, double[]> arrays) {
        return new Network(this, layers, parameters, arrays);
    }

    @Override
    public List<String> head() {
        int last = layers.size() - 1;
        return layers.get(last).layer().parameters().stream()
                .map(parameter -> names.of(last, parameter))
                .toList();
    }

    @Override
    public Model encoder() {
        Layer last = layers.get(layers.size() - 1).layer();
        if (layers.size() < 2
                || !((last instanceof WithPreprocessor withPreprocessor ? withPreprocessor.layer() : last)
                        instanceof Dense)) {
            return Model.super.encoder();
        }
        List<String> head = head();
        Layout.Builder kept = Layout.builder();
        parameters.entries().stream()
                .filter(entry -> !head.contains(entry.name()))
                .forEach(entry -> kept.add(entry.name(), entry.shape()));
        return new Network(this, layers.subList(0, layers.size() - 1), kept.build(), initialWeights);
    }

    /** The layers in order. */
    List<Layer> layers() {
        return layers.stream().map(InitializedLayer::layer).toList();
    }

    /** The shape of an example behind the last layer, before it is laid flat. */
    Shape behind() {
        Shape shape = features;
        for (int i = 0; i < layers.size(); i++) {
            shape = behind(i, layers.get(i).layer(), shape);
        }
        return shape;
    }

    /** The shape of an example behind a layer; what the layer refuses is refused with its place in the network. */
    static Shape behind(int index, Layer layer, Shape shape) {
        try {
            return layer.output(shape);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "model.network cannot take examples of this task source: at layer " + index + ", " + e.getMessage(),
                    e);
        }
    }

    Loss loss() {
        return loss;
    }

    /** Whose statistics batch norm uses for queries. */
    BatchNormMode normalisation() {
        return batchNormMode;
    }

    @Override
    public Layout parameters() {
        return parameters;
    }

    @Override
    public void initialise(long seed, FlatVector target) {
        for (int i = 0; i < layers.size(); i++) {
            for (Parameter parameter : layers.get(i).layer().parameters()) {
                String name = names.of(i, parameter);
                double[] begin = initialWeights.get(name);
                RandomStream stream = stream(seed, name);
                int offset = parameters.offset(name);
                for (int j = 0; j < parameter.shape().size(); j++) {
                    Initializer initializer = layers.get(i).initializer();
                    target.set(offset + j, begin == null ? initializer.draw(parameter, stream) : begin[j]);
                }
            }
        }
    }

    /** A stream for each name: what one array draws does not depend on what the others are. */
    private static RandomStream stream(long seed, String name) {
        long[] key = new long[name.length() + 1];
        key[0] = seed;
        for (int i = 0; i < name.length(); i++) {
            key[i + 1] = name.charAt(i);
        }
        return RandomStream.of(key);
    }

    @Override
    public Value predict(
            ProgramBuilder b, Map<String, Value> values, Value support, Value query, ForwardContext context) {
        return batchNormMode.predict((x, own) -> output(b, values, x, own), b, support, query, context);
    }

    @Override
    public Set<String> runningStatistics() {
        Set<String> statistics = new LinkedHashSet<>();
        for (int i = 0; i < layers.size(); i++) {
            for (Parameter parameter : layers.get(i).layer().parameters()) {
                if (parameter.role().statistic()) {
                    statistics.add(names.of(i, parameter));
                }
            }
        }
        return statistics;
    }

    @Override
    public Map<String, Value> batchStatistics(
            ProgramBuilder b, Map<String, Value> values, Value x, ForwardContext context) {
        Map<String, Value> observed = new LinkedHashMap<>();
        walk(b, values, x, context, observed);
        return observed;
    }

    @Override
    public boolean random() {
        return layers.stream()
                .anyMatch(initializedLayer -> initializedLayer.layer().random());
    }

    @Override
    public Value output(ProgramBuilder b, Map<String, Value> values, Value x, ForwardContext context) {
        return walk(b, values, x, context, new LinkedHashMap<>());
    }

    /** The output of a pass; what statistics follow in it is added to {@code observed}. */
    private Value walk(
            ProgramBuilder b, Map<String, Value> values, Value x, ForwardContext context, Map<String, Value> observed) {
        Value output = x.shape().rank() == 4 ? b.transpose(x, 0, 2, 3, 1) : x;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i).layer();
            Iterator<Value> statistics = layer.runningStatistics(b, output).iterator();
            List<Value> own = new ArrayList<>();
            for (Parameter parameter : layer.parameters()) {
                String name = names.of(i, parameter);
                if (parameter.role().statistic()) {
                    observed.put(name, statistics.next());
                }
                own.add(value(parameter.role().statistic() && !values.containsKey(name) ? observed : values, name));
            }
            output = layer.apply(b, own, output, context);
        }
        return flat(b, output);
    }

    /** Examples as rows, images in the order [channels, height, width], as fully connected layers take them. */
    static Value flat(ProgramBuilder b, Value x) {
        Value ordered = x.shape().rank() == 4 ? b.transpose(x, 0, 3, 1, 2) : x;
        int examples = x.shape().dim(0);
        return b.reshape(ordered, Shape.of(examples, x.shape().size() / examples));
    }

    private static Value value(Map<String, Value> values, String name) {
        Value value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no value was given for parameter " + name);
        }
        return value;
    }

    @Override
    public Value loss(ProgramBuilder b, Value output, Value y) {
        return loss.of(b, output, y);
    }

    @Override
    public Optional<Value> accuracy(ProgramBuilder b, Value output, Value y) {
        return loss.accuracy(b, output, y);
    }
}
