package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A fully connected layer, activation(x·W + b): {@code W} [in, out] and, if it has a bias, {@code b} [1, out]. Inputs of any
 * shape are flattened, images in the order [channels, height, width].
 */
final class Dense implements Layer {
    private final int in;
    private final int out;
    private final Activation activation;
    private final List<Parameter> parameters = new ArrayList<>();

    private Dense(int in, int out, Activation activation) {
        this.in = in;
        this.out = out;
        this.activation = activation;
        parameters.add(new Parameter("W", Shape.of(in, out), Parameter.Role.WEIGHT, in, out));
    }

    static Dense withBias(int in, int out, Activation activation) {
        Dense dense = withoutBias(in, out, activation);
        dense.parameters.add(new Parameter("b", Shape.of(1, out), Parameter.Role.BIAS, in, out));
        return dense;
    }

    static Dense withoutBias(int in, int out, Activation activation) {
        return new Dense(in, out, activation);
    }

    int in() {
        return in;
    }

    int out() {
        return out;
    }

    boolean biased() {
        return parameters.size() > 1;
    }

    Activation activation() {
        return activation;
    }

    @Override
    public List<Parameter> parameters() {
        return List.copyOf(parameters);
    }

    @Override
    public Shape output(Shape input) {
        if (input.size() != in) {
            throw new IllegalArgumentException(
                    "a dense layer of " + in + " inputs cannot take examples of shape " + input);
        }
        return Shape.of(out);
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        Value product = b.matmul(Network.flat(b, x), values.get(0));
        return activation.of(b, biased() ? b.add(product, values.get(1)) : product);
    }
}
