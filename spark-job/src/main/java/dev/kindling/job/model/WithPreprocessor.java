package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * A layer with what Deeplearning4j counts as part of it: a change of shape in front, dropout of its input.
 *
 * @param front layers without parameters, in order
 * @param layer behind them
 */
record WithPreprocessor(List<Layer> front, Layer layer) implements Layer {
    WithPreprocessor {
        front = List.copyOf(front);
    }

    /** The layer itself where nothing stands in front of it. */
    static Layer of(List<Layer> front, Layer layer) {
        return front.isEmpty() ? layer : new WithPreprocessor(front, layer);
    }

    /** The same in front of another layer. */
    WithPreprocessor before(Layer other) {
        return new WithPreprocessor(front, other);
    }

    @Override
    public List<Parameter> parameters() {
        return layer.parameters();
    }

    @Override
    public Shape output(Shape input) {
        Shape shape = input;
        for (Layer each : front) {
            shape = each.output(shape);
        }
        return layer.output(shape);
    }

    @Override
    public boolean random() {
        return layer.random() || front.stream().anyMatch(Layer::random);
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        return layer.apply(b, values, behindFront(b, x, context), context);
    }

    @Override
    public List<Value> runningStatistics(ProgramBuilder b, Value x) {
        return layer.runningStatistics(b, behindFront(b, x, ForwardContext.PLAIN));
    }

    private Value behindFront(ProgramBuilder b, Value x, ForwardContext context) {
        Value behind = x;
        for (Layer each : front) {
            behind = each.apply(b, List.of(), behind, context);
        }
        return behind;
    }
}
