package dev.kindling.job.model;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * A layer with what Deeplearning4j counts as part of it: a change of shape in front, dropout of its input.
 *
 * @param front layers without parameters, in order
 * @param layer behind them
 */
record Preceded(List<Layer> front, Layer layer) implements Layer {
    Preceded {
        front = List.copyOf(front);
    }

    /** The layer itself where nothing stands in front of it. */
    static Layer of(List<Layer> front, Layer layer) {
        return front.isEmpty() ? layer : new Preceded(front, layer);
    }

    /** The same in front of another layer. */
    Preceded before(Layer other) {
        return new Preceded(front, other);
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
    public Value apply(Builder b, List<Value> values, Value x, Pass pass) {
        return layer.apply(b, values, behindFront(b, x, pass), pass);
    }

    @Override
    public List<Value> statistics(Builder b, Value x) {
        return layer.statistics(b, behindFront(b, x, Pass.PLAIN));
    }

    private Value behindFront(Builder b, Value x, Pass pass) {
        Value behind = x;
        for (Layer each : front) {
            behind = each.apply(b, List.of(), behind, pass);
        }
        return behind;
    }
}
