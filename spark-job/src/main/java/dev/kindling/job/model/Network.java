package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
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
import java.util.OptionalInt;
import java.util.Set;

/**
 * A sequence of layers and a loss; parameter p of layer i is named {@code i_p}. With a skip the output layer reads the inputs
 * beside the output of the layer before it.
 */
final class Network implements Model {
    /** A layer and the initialiser of its parameters. */
    record InitializedLayer(Layer layer, Initializer initializer) {}

    /**
     * The naming of parameters.
     *
     * @param prefix of each name
     * @param first the index of the first layer
     */
    record Names(String prefix, int first) {
        /** The names of Deeplearning4j. */
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

    /** The number of layers before the inputs are appended to what they give; empty without a skip. */
    private final OptionalInt skip;

    private final OptionalInt order;
    private final List<Integer> categories;

    /** A network with Deeplearning4j's names. */
    Network(List<InitializedLayer> layers, Loss loss, BatchNormMode batchNormMode, Shape features, int outputs) {
        this(Names.PLAIN, layers, loss, batchNormMode, features, outputs, OptionalInt.empty());
    }

    /**
     * A network of layers in sequence.
     *
     * @param names of the parameters
     * @param batchNormMode the statistics that batch norm uses for queries
     * @param features shape of one example
     * @param outputs the number of outputs that the last layer must have
     * @param skip the number of layers before the inputs are appended to what they give; empty for none
     * @throws IllegalArgumentException if a layer does not accept the output of the layer before it
     */
    Network(
            Names names,
            List<InitializedLayer> layers,
            Loss loss,
            BatchNormMode batchNormMode,
            Shape features,
            int outputs,
            OptionalInt skip) {
        this.names = names;
        this.skip = skip;
        this.order = OptionalInt.empty();
        this.categories = List.of();
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
        Shape shape = outputShape();
        if (!shape.equals(Shape.of(outputs))) {
            throw new IllegalArgumentException(
                    "the network gives " + shape + " for an example; it must be [" + outputs + "]");
        }
    }

    private Network(
            Network network,
            List<InitializedLayer> layers,
            Layout parameters,
            Map<String, double[]> initialWeights,
            OptionalInt order,
            List<Integer> categories) {
        this.skip = network.skip;
        this.order = order;
        this.categories = List.copyOf(categories);
        this.names = network.names;
        this.features = network.features;
        this.layers = layers;
        this.loss = network.loss;
        this.batchNormMode = network.batchNormMode;
        this.parameters = parameters;
        this.initialWeights = Map.copyOf(initialWeights);
    }

    /** The same network with the given initial values of the named arrays. */
    Network withInitialWeights(Map<String, double[]> arrays) {
        return new Network(this, layers, parameters, arrays, order, categories);
    }

    /** The same network for examples whose features have the order of a layout, and which have its categories. */
    Network forExamples(EpisodeLayout layout) {
        return new Network(this, layers, parameters, initialWeights, layout.order(), layout.categories());
    }

    @Override
    public OptionalInt order() {
        return order;
    }

    @Override
    public List<Integer> categories() {
        return categories;
    }

    /** Whether the output layer reads the inputs too. */
    boolean skips() {
        return skip.isPresent();
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
        Layout.Builder remaining = Layout.builder();
        parameters.entries().stream()
                .filter(entry -> !head.contains(entry.name()))
                .forEach(entry -> remaining.add(entry.name(), entry.shape()));
        return new Network(
                this, layers.subList(0, layers.size() - 1), remaining.build(), initialWeights, order, categories);
    }

    /** The layers in order. */
    List<Layer> layers() {
        return layers.stream().map(InitializedLayer::layer).toList();
    }

    /** The output shape of the last layer for one example, before it is flattened. */
    Shape outputShape() {
        Shape shape = features;
        for (int i = 0; i < layers.size(); i++) {
            shape = outputShape(i, layers.get(i).layer(), appendsInputs(i) ? withInputs(shape) : shape);
        }
        return appendsInputs(layers.size()) ? withInputs(shape) : shape;
    }

    private boolean appendsInputs(int before) {
        return skip.isPresent() && skip.getAsInt() == before;
    }

    private Shape withInputs(Shape shape) {
        return Shape.of(shape.size() + features.size());
    }

    /** The output shape of a layer for one example; an exception of the layer is extended by its index. */
    static Shape outputShape(int index, Layer layer, Shape shape) {
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

    /** The statistics that batch norm uses for queries. */
    BatchNormMode batchNormMode() {
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
                double[] initial = initialWeights.get(name);
                RandomStream stream = stream(seed, name);
                int offset = parameters.offset(name);
                for (int j = 0; j < parameter.shape().size(); j++) {
                    Initializer initializer = layers.get(i).initializer();
                    target.set(offset + j, initial == null ? initializer.draw(parameter, stream) : initial[j]);
                }
            }
        }
    }

    /** The random stream of an array, derived from its name: it does not depend on the other arrays. */
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
        return batchNormMode.predict((x, passContext) -> output(b, values, x, passContext), b, support, query, context);
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
        Map<String, Value> batchStatistics = new LinkedHashMap<>();
        forward(b, values, x, context, batchStatistics);
        return batchStatistics;
    }

    @Override
    public boolean mixesExamples() {
        return layers.stream()
                .anyMatch(initializedLayer -> initializedLayer.layer().mixesExamples());
    }

    @Override
    public boolean random() {
        return layers.stream()
                .anyMatch(initializedLayer -> initializedLayer.layer().random());
    }

    @Override
    public Value output(ProgramBuilder b, Map<String, Value> values, Value x, ForwardContext context) {
        return forward(b, values, x, context, new LinkedHashMap<>());
    }

    /** The output of a forward pass; adds the statistics of its batch to {@code batchStatistics}. */
    private Value forward(
            ProgramBuilder b,
            Map<String, Value> values,
            Value x,
            ForwardContext context,
            Map<String, Value> batchStatistics) {
        Value output = x.shape().rank() == 4 ? b.transpose(x, 0, 2, 3, 1) : x;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i).layer();
            if (appendsInputs(i)) {
                output = withInputs(b, output, x);
            }
            Iterator<Value> statistics = layer.runningStatistics(b, output).iterator();
            List<Value> layerValues = new ArrayList<>();
            for (Parameter parameter : layer.parameters()) {
                String name = names.of(i, parameter);
                if (parameter.role().statistic()) {
                    batchStatistics.put(name, statistics.next());
                }
                layerValues.add(value(
                        parameter.role().statistic() && !values.containsKey(name) ? batchStatistics : values, name));
            }
            output = layer.apply(b, layerValues, output, context);
        }
        return appendsInputs(layers.size()) ? withInputs(b, output, x) : flat(b, output);
    }

    private static Value withInputs(ProgramBuilder b, Value output, Value x) {
        int examples = x.shape().dim(0);
        return b.concat(
                1,
                List.of(
                        flat(b, output),
                        b.reshape(x, Shape.of(examples, x.shape().size() / examples))));
    }

    /** Examples flattened to rows, images in the order [channels, height, width], as fully connected layers need them. */
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
    public Value loss(ProgramBuilder b, Value output, Targets targets) {
        return loss.of(b, output, targets);
    }

    @Override
    public Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
        return loss.accuracy(b, output, targets);
    }
}
