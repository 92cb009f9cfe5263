package dev.kindling.examples;

import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Layer;
import dev.kindling.job.model.NetworkProvider;
import dev.kindling.job.model.Parameter;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/** A network with a layer of one's own: {@code model.network = gaussian} has 20 units exp(-(xW + b)²) and a linear output. */
public final class GaussianNetwork implements NetworkProvider {
    private static final int UNITS = 20;

    @Override
    public String name() {
        return "gaussian";
    }

    @Override
    public List<Layer> layers(EpisodeLayout layout) {
        return List.of(new Linear(layout.features().size(), UNITS), new Bump(), new Linear(UNITS, layout.outputs()));
    }

    private record Linear(int in, int out) implements Layer {
        @Override
        public List<Parameter> parameters() {
            return List.of(
                    new Parameter("W", Shape.of(in, out), Parameter.Role.WEIGHT, in, out),
                    new Parameter("b", Shape.of(1, out), Parameter.Role.BIAS, in, out));
        }

        @Override
        public Shape output(Shape input) {
            return Shape.of(out);
        }

        @Override
        public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
            return b.add(b.matmul(x, parameters.get(0)), parameters.get(1));
        }
    }

    private record Bump() implements Layer {
        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Shape output(Shape input) {
            return input;
        }

        @Override
        public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
            return b.exp(b.neg(b.square(x)));
        }
    }
}
