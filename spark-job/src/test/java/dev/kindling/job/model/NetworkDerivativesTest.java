package dev.kindling.job.model;

import static dev.kindling.job.autodiff.FiniteDifferences.Argument.awayFromZero;
import static dev.kindling.job.autodiff.FiniteDifferences.Argument.fixed;

import dev.kindling.job.autodiff.FiniteDifferences;
import dev.kindling.job.autodiff.FiniteDifferences.Argument;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks the first and second derivatives of every network's loss with respect to parameters and inputs. */
class NetworkDerivativesTest {
    private static final int EXAMPLES = 6;

    @ParameterizedTest
    @CsvSource({
        "mlp-40-40, 0",
        "mlp-40-40, 3",
        "mlp-40-tanh, 0",
        "mlp-40-tanh, 3",
        "omniglot-fc, 3",
    })
    void everyPreset(String preset, int ways) {
        int outputs = Math.max(ways, 2);
        EpisodeLayout layout = new EpisodeLayout(Shape.of(2, 2), ways, outputs, EXAMPLES, EXAMPLES);
        check(
                ModelFactory.of(new ModelSettings(preset, "fan-in-uniform", "query"), layout),
                layout,
                preset.endsWith("tanh"));
    }

    @Test
    void layerNormAndASkip() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(3), 0, 2, EXAMPLES, EXAMPLES);
        ModelSettings settings = new ModelSettings(
                "mlp-5-4-tanh", "fan-in-uniform", "query", new NetworkOptions(0, true, true), Optional.empty());
        check(ModelFactory.of(settings, layout), layout, true);
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void everyActivationAfterBatchNormWithBothLosses(Activation activation) {
        for (int ways : new int[] {0, 3}) {
            EpisodeLayout layout = new EpisodeLayout(Shape.of(2), ways, 3, EXAMPLES, EXAMPLES);
            List<Network.InitializedLayer> layers = new ArrayList<>();
            for (Layer layer : List.of(
                    Dense.withoutBias(2, 4, Activation.IDENTITY),
                    new BatchNorm(4),
                    activation,
                    Dense.withBias(4, 3, activation),
                    Dense.withBias(3, 3, Activation.IDENTITY))) {
                layers.add(new Network.InitializedLayer(layer, Initializer.GLOROT_NORMAL));
            }
            Loss loss = ways > 0 ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MEAN_SQUARED_ERROR;
            boolean smooth = !Set.of(Activation.RELU, Activation.LEAKY_RELU, Activation.ELU)
                    .contains(activation);
            check(new Network(layers, loss, BatchNormMode.QUERY, layout.features(), 3), layout, smooth);
        }
    }

    @ParameterizedTest
    @EnumSource(BatchNormMode.class)
    void convolutionsWithEveryKindOfPoolingAndEveryModeOfBatchNorm(BatchNormMode batchNormMode) {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(2, 5, 4), 3, 3, EXAMPLES, EXAMPLES);
        for (Layer pooling : List.of(
                new Pooling(Pooling.Kind.MAXIMUM, WindowSpec.whole(2, 1)),
                new Pooling(Pooling.Kind.AVERAGE, WindowSpec.same(3, 2)),
                GlobalPooling.AVERAGE,
                GlobalPooling.SUM,
                GlobalPooling.MAXIMUM)) {
            List<Layer> layers = new ArrayList<>(List.of(
                    new Convolution(2, 3, WindowSpec.same(3, 2), false, Activation.IDENTITY),
                    new BatchNorm(3),
                    Activation.TANH,
                    new Convolution(3, 2, new WindowSpec(2, 3, 1, 1, false, 1, 1), true, Activation.SOFTPLUS),
                    pooling));
            Shape shape = layout.features();
            for (Layer layer : layers) {
                shape = layer.output(shape);
            }
            layers.add(Dense.withBias(shape.size(), 3, Activation.IDENTITY));
            List<Network.InitializedLayer> placed = layers.stream()
                    .map(layer -> new Network.InitializedLayer(layer, Initializer.GLOROT_NORMAL))
                    .toList();
            Model model = new Network(placed, Loss.SOFTMAX_CROSS_ENTROPY, batchNormMode, layout.features(), 3);
            boolean maximum = pooling == GlobalPooling.MAXIMUM
                    || (pooling instanceof Pooling windows && windows.kind() == Pooling.Kind.MAXIMUM);
            check(model, layout, !maximum);
        }
    }

    private static void check(Model model, EpisodeLayout layout, boolean smooth) {
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(3, theta);
        List<Argument> arguments = new ArrayList<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            int end = entry.offset() + entry.shape().size();
            arguments.add(
                    new Argument(entry.shape(), Arrays.copyOfRange(theta.toDoubles(), entry.offset(), end), true));
        }
        arguments.add(awayFromZero("x", layout.features().stacked(EXAMPLES).dims()));
        arguments.add(
                layout.classification()
                        ? fixed(Shape.of(EXAMPLES), 0, 2, 1, 1, 0, 2)
                        : awayFromZero("y", EXAMPLES, layout.outputs()));
        arguments.add(awayFromZero("support", layout.features().stacked(2).dims()));
        FiniteDifferences.Function loss = (b, in) -> {
            Map<String, Value> values = new LinkedHashMap<>();
            model.parameters().names().forEach(name -> values.put(name, in.get(values.size())));
            Value x = in.get(values.size());
            Value output = model.predict(b, values, in.get(values.size() + 2), x, ForwardContext.PLAIN);
            return model.loss(b, output, Targets.of(in.get(values.size() + 1)));
        };
        if (smooth) {
            FiniteDifferences.checkSmooth(loss, arguments);
        } else {
            FiniteDifferences.checkPiecewise(loss, arguments);
        }
    }
}
