package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * A layer together with the input preprocessing that Deeplearning4j treats as part of it: reshaping and dropout of its input.
 *
 * @param preprocessing the preprocessing layers, without parameters, in order
 * @param layer the layer that follows
 */
record WithPreprocessor(List<Layer> preprocessing, Layer layer) implements Layer {
    WithPreprocessor {
        preprocessing = List.copyOf(preprocessing);
    }

    /** The layer with preprocessing, or the layer itself if there is none. */
    static Layer of(List<Layer> preprocessing, Layer layer) {
        return preprocessing.isEmpty() ? layer : new WithPreprocessor(preprocessing, layer);
    }

    /** The same preprocessing before another layer. */
    WithPreprocessor before(Layer other) {
        return new WithPreprocessor(preprocessing, other);
    }

    @Override
    public List<Parameter> parameters() {
        return layer.parameters();
    }

    @Override
    public Shape output(Shape input) {
        Shape shape = input;
        for (Layer each : preprocessing) {
            shape = each.output(shape);
        }
        return layer.output(shape);
    }

    @Override
    public boolean random() {
        return layer.random() || preprocessing.stream().anyMatch(Layer::random);
    }

    @Override
    public boolean mixesExamples() {
        return layer.mixesExamples() || preprocessing.stream().anyMatch(Layer::mixesExamples);
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        return layer.apply(b, values, preprocess(b, x, context), context);
    }

    @Override
    public List<Value> runningStatistics(ProgramBuilder b, Value x) {
        return layer.runningStatistics(b, preprocess(b, x, ForwardContext.PLAIN));
    }

    private Value preprocess(ProgramBuilder b, Value x, ForwardContext context) {
        Value output = x;
        for (Layer each : preprocessing) {
            output = each.apply(b, List.of(), output, context);
        }
        return output;
    }
}
