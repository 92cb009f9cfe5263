package dev.kindling.job.model;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * A function of each number by itself. A dense layer carries one; behind batch norm it is a layer, with an index, as in
 * Deeplearning4j.
 */
enum Activation implements Layer {
    IDENTITY {
        @Override
        Value of(Builder b, Value x) {
            return x;
        }
    },
    RELU {
        @Override
        Value of(Builder b, Value x) {
            return b.relu(x);
        }
    },
    TANH {
        @Override
        Value of(Builder b, Value x) {
            return b.tanh(x);
        }
    },
    SIGMOID {
        @Override
        Value of(Builder b, Value x) {
            return b.sigmoid(x);
        }
    };

    abstract Value of(Builder b, Value x);

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Shape output(Shape input) {
        return input;
    }

    @Override
    public Value apply(Builder b, List<Value> parameters, Value x) {
        return of(b, x);
    }
}
