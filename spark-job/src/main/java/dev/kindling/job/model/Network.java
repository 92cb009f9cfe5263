package dev.kindling.job.model;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.Stream;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A sequence of layers and a loss; parameter p of layer i is named {@code i_p}. */
final class Network implements Model {
    /** A layer and how it begins. */
    record Placed(Layer layer, Initializer initializer) {}

    private final List<Placed> layers;
    private final Loss loss;
    private final Normalisation normalisation;
    private final Layout parameters;

    /**
     * Puts layers one behind the other.
     *
     * @param normalisation whose statistics batch norm uses for queries
     * @param features shape of one example
     * @param outputs count of numbers that the last layer must give for an example
     * @throws IllegalArgumentException if a layer cannot take what comes before it
     */
    Network(List<Placed> layers, Loss loss, Normalisation normalisation, Shape features, int outputs) {
        this.layers = List.copyOf(layers);
        this.loss = loss;
        this.normalisation = normalisation;
        Layout.Builder layout = Layout.builder();
        Shape shape = features;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i).layer();
            shape = layer.output(shape);
            for (Parameter parameter : layer.parameters()) {
                layout.add(name(i, parameter), parameter.shape());
            }
        }
        this.parameters = layout.build();
        if (!shape.equals(Shape.of(outputs))) {
            throw new IllegalArgumentException(
                    "the network gives " + shape + " for an example; it must be [" + outputs + "]");
        }
    }

    private static String name(int layer, Parameter parameter) {
        return layer + "_" + parameter.name();
    }

    @Override
    public Layout parameters() {
        return parameters;
    }

    @Override
    public void initialise(long seed, Storage target) {
        for (int i = 0; i < layers.size(); i++) {
            for (Parameter parameter : layers.get(i).layer().parameters()) {
                String name = name(i, parameter);
                Stream stream = stream(seed, name);
                int offset = parameters.offset(name);
                for (int j = 0; j < parameter.shape().size(); j++) {
                    target.set(offset + j, layers.get(i).initializer().draw(parameter, stream));
                }
            }
        }
    }

    /** A stream for each name: what one array draws does not depend on what the others are. */
    private static Stream stream(long seed, String name) {
        long[] key = new long[name.length() + 1];
        key[0] = seed;
        for (int i = 0; i < name.length(); i++) {
            key[i + 1] = name.charAt(i);
        }
        return Stream.of(key);
    }

    @Override
    public Value predict(Builder b, Map<String, Value> values, Value support, Value query, Pass pass) {
        return normalisation.predict((x, own) -> output(b, values, x, own), b, support, query, pass);
    }

    @Override
    public Set<String> statistics() {
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < layers.size(); i++) {
            for (Parameter parameter : layers.get(i).layer().parameters()) {
                if (parameter.role().statistic()) {
                    names.add(name(i, parameter));
                }
            }
        }
        return names;
    }

    @Override
    public Map<String, Value> observe(Builder b, Map<String, Value> values, Value x, Pass pass) {
        Map<String, Value> observed = new LinkedHashMap<>();
        walk(b, values, x, pass, observed);
        return observed;
    }

    @Override
    public boolean random() {
        return layers.stream().anyMatch(placed -> placed.layer().random());
    }

    @Override
    public Value output(Builder b, Map<String, Value> values, Value x, Pass pass) {
        return walk(b, values, x, pass, new LinkedHashMap<>());
    }

    /** The output of a pass; what statistics follow in it is added to {@code observed}. */
    private Value walk(Builder b, Map<String, Value> values, Value x, Pass pass, Map<String, Value> observed) {
        Value output = x.shape().rank() == 4 ? b.transpose(x, 0, 2, 3, 1) : x;
        for (int i = 0; i < layers.size(); i++) {
            int index = i;
            Layer layer = layers.get(i).layer();
            List<Value> own = layer.parameters().stream()
                    .map(parameter -> value(values, name(index, parameter)))
                    .toList();
            List<Value> statistics = layer.statistics(b, output);
            int next = 0;
            for (Parameter parameter : layer.parameters()) {
                if (parameter.role().statistic()) {
                    observed.put(name(i, parameter), statistics.get(next++));
                }
            }
            output = layer.apply(b, own, output, pass);
        }
        return output;
    }

    private static Value value(Map<String, Value> values, String name) {
        Value value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no value was given for parameter " + name);
        }
        return value;
    }

    @Override
    public Value loss(Builder b, Value output, Value y) {
        return loss.of(b, output, y);
    }

    @Override
    public Optional<Value> accuracy(Builder b, Value output, Value y) {
        return loss.accuracy(b, output, y);
    }
}
