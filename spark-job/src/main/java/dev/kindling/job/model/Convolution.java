package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A convolutional layer, activation(x ⋆ W + b), where ⋆ is cross-correlation, as in all deep learning libraries: {@code W}
 * [out, in, height, width] and, if it has a bias, {@code b} [1, out].
 */
record Convolution(int in, int out, WindowSpec windowSpec, boolean biased, Activation activation) implements Layer {
    @Override
    public List<Parameter> parameters() {
        int fanIn = in * windowSpec.area();
        int fanOut = out * windowSpec.area();
        Shape shape = Shape.of(out, in, windowSpec.height(), windowSpec.width());
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter("W", shape, Parameter.Role.WEIGHT, fanIn, fanOut));
        if (biased) {
            parameters.add(new Parameter("b", Shape.of(1, out), Parameter.Role.BIAS, fanIn, fanOut));
        }
        return parameters;
    }

    @Override
    public Shape output(Shape input) {
        if (input.rank() != 3 || input.dim(0) != in) {
            throw new IllegalArgumentException("a convolution of " + in
                    + " channels cannot take examples of shape " + input + "; they must be [" + in
                    + ", height, width]");
        }
        Window window = windowSpec.over(input.dim(1), input.dim(2));
        return Shape.of(out, window.outHeight(), window.outWidth());
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        Value kernel = b.transpose(values.get(0), 2, 3, 1, 0);
        Value product =
                b.conv(x, kernel, windowSpec.over(x.shape().dim(1), x.shape().dim(2)));
        return activation.of(b, biased ? b.add(product, values.get(1)) : product);
    }
}
