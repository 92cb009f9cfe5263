package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkOptions;
import dev.kindling.job.model.SmallNetworks;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;

/** A network, an episode and weights for tests of methods; first and second order differ at the weights. */
record Setting(Model model, EpisodeLayout layout, Map<String, double[]> inputs) {
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 5, 4);
    private static final EpisodeLayout SQUARES = new EpisodeLayout(Shape.of(1, 2, 2), 3, 3, 6, 9);
    private static final EpisodeLayout IMAGES = new EpisodeLayout(Shape.of(1, 4, 4), 3, 3, 6, 9);

    private static final EpisodeLayout TWO_CLASSES = new EpisodeLayout(Shape.of(2), 2, 2, 7, 4);

    /** Examples that are ordered by their first element. */
    private static final EpisodeLayout ORDERED =
            new EpisodeLayout(Shape.of(2), 0, 1, 7, 4).orderedBy(OptionalInt.of(0));

    private static final EpisodeLayout ORDERED_CLASSES =
            new EpisodeLayout(Shape.of(2), 2, 2, 7, 4).orderedBy(OptionalInt.of(0));
    private static final EpisodeLayout THREE_CLASSES =
            new EpisodeLayout(Shape.of(2), 3, 3, 7, 4).orderedBy(OptionalInt.of(1));

    private static final List<Integer> CATEGORIES = List.of(4, 3);

    private static final Map<String, EpisodeLayout> ROWS = Map.of(
            "two classes",
            TWO_CLASSES,
            "ordered rows",
            ORDERED,
            "two classes of ordered rows",
            ORDERED_CLASSES,
            "three classes of ordered rows",
            THREE_CLASSES,
            "rows with categories",
            new EpisodeLayout(Shape.of(2), 0, 1, 7, 4).withCategories(CATEGORIES),
            "ordered rows with categories",
            ORDERED.withCategories(CATEGORIES),
            "two classes with categories",
            TWO_CLASSES.withCategories(CATEGORIES),
            "three classes with categories",
            THREE_CLASSES.withCategories(CATEGORIES));

    /**
     * A preset with matching tasks, a name of {@link #ROWS}, "options" for a network with layer norm and a skip, "normalised" for one of dense
     * layers with batch norm, or "maps" followed by the mode of batch norm.
     */
    static Setting named(String network) {
        if (ROWS.containsKey(network)) {
            EpisodeLayout rows = ROWS.get(network);
            return of(ModelFactory.of(new ModelSettings("mlp-4-tanh", "fan-in-uniform", "query"), rows), rows);
        }
        if (network.equals("options")) {
            NetworkOptions options = new NetworkOptions(0, true, true);
            return of(
                    ModelFactory.of(
                            new ModelSettings("mlp-5-4-tanh", "fan-in-uniform", "query", options, Optional.empty()),
                            ORDERED),
                    ORDERED);
        }
        if (network.equals("normalised")) {
            return of(SmallNetworks.normalised(SQUARES), SQUARES);
        }
        if (network.startsWith("maps ")) {
            return of(SmallNetworks.maps(IMAGES, network.substring("maps ".length())), IMAGES);
        }
        EpisodeLayout layout = network.startsWith("mlp") ? POINTS : SQUARES;
        return of(ModelFactory.of(new ModelSettings(network, "fan-in-uniform", "query"), layout), layout);
    }

    /** A model with its initial weights and an episode of normal numbers. */
    static Setting of(Model model, EpisodeLayout layout) {
        Map<String, double[]> inputs = new HashMap<>();
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(5, theta);
        for (Layout.Entry entry : model.parameters().entries()) {
            int end = entry.offset() + entry.shape().size();
            inputs.put(entry.name(), Arrays.copyOfRange(theta.toDoubles(), entry.offset(), end));
        }
        for (Layout.Entry entry : layout.arrays().entries()) {
            double[] array = normal(entry.name(), entry.shape().size());
            if (layout.classification() && entry.name().endsWith(".y")) {
                Arrays.setAll(array, i -> i % layout.classes());
            }
            if (entry.name().endsWith(".x")) {
                setIndices(layout, array);
            }
            inputs.put(entry.name(), array);
        }
        return new Setting(model, layout, inputs);
    }

    /** Sets the indices of categories in inputs; neighbouring rows have different values. */
    static void setIndices(EpisodeLayout layout, double[] inputs) {
        int width = layout.input().size();
        for (int category = 0; category < layout.categories().size(); category++) {
            int element = layout.features().size() + category;
            for (int row = 0; row < inputs.length / width; row++) {
                inputs[row * width + element] =
                        (row + category) % layout.categories().get(category);
            }
        }
    }

    Map<String, double[]> theta() {
        Map<String, double[]> theta = new HashMap<>(inputs);
        theta.keySet().retainAll(model.parameters().names());
        return theta;
    }

    /** Inputs with θ moved along a direction. */
    Map<String, double[]> moved(Map<String, double[]> direction, double by) {
        Map<String, double[]> moved = new HashMap<>(inputs);
        direction.forEach((name, along) -> moved.put(name, sum(inputs.get(name), along, by)));
        return moved;
    }

    /** Inputs with the initial θ of a method instead of the model's, in a round. */
    Map<String, double[]> inputs(Algorithm algorithm, int round) {
        Layout layout = algorithm.parameters(model);
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, layout.size());
        algorithm.initialise(model, 5, theta);
        Map<String, double[]> all = new HashMap<>(inputs);
        for (Layout.Entry entry : layout.entries()) {
            int end = entry.offset() + entry.shape().size();
            all.put(entry.name(), Arrays.copyOfRange(theta.toDoubles(), entry.offset(), end));
        }
        all.put(EpisodeLayout.ROUND, new double[] {round});
        return all;
    }

    /** An update of parameters by the support gradient. */
    interface Mover {
        void move(int step, Map<String, double[]> phi);
    }

    /** Plain gradient descent on the support loss, step by step. */
    Map<String, double[]> adapted(double rate, int steps) {
        return adapted(steps, (step, phi) -> {
            Map<String, double[]> gradient = gradient(phi, "support");
            phi.replaceAll((name, array) -> sum(array, gradient.get(name), -rate));
        });
    }

    /** θ after a number of updates. */
    Map<String, double[]> adapted(int steps, Mover mover) {
        Map<String, double[]> phi = theta();
        for (int step = 0; step < steps; step++) {
            mover.move(step, phi);
        }
        return phi;
    }

    static double[] sum(double[] a, double[] b, double times) {
        double[] sum = new double[a.length];
        Arrays.setAll(sum, i -> a[i] + times * b[i]);
        return sum;
    }

    /** The features of one set of the episode, a row for each example. */
    double[][] features(String half) {
        Model encoder = model.encoder();
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = NamedValues.declare(b, encoder.parameters(), Program.Scope.BROADCAST);
        Value x = b.input(half + ".x", layout.arrays().shape(half + ".x"), Program.Scope.TASK);
        Value features = encoder.output(b, values, x, ForwardContext.PLAIN);
        double[] flat = run(
                        b.build(
                                "features",
                                List.of(new Program.Output("features", Program.Reduction.PER_TASK, features))),
                        inputs)
                .get("features");
        double[][] rows = new double[features.shape().dim(0)][features.shape().dim(1)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(flat, i * rows[i].length, rows[i], 0, rows[i].length);
        }
        return rows;
    }

    /** The loss on one set of the episode and its gradient. */
    Map<String, double[]> gradient(Map<String, double[]> parameters, String half) {
        return gradient(parameters, half, inputs.get(half + ".x"), inputs.get(half + ".y"));
    }

    /** The loss on some support examples and its gradient. */
    Map<String, double[]> gradientOfRows(Map<String, double[]> parameters, int... rows) {
        double[] x = inputs.get("support.x");
        double[] y = inputs.get("support.y");
        int width = x.length / layout.support();
        int height = y.length / layout.support();
        double[] someX = new double[rows.length * width];
        double[] someY = new double[rows.length * height];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(x, rows[i] * width, someX, i * width, width);
            System.arraycopy(y, rows[i] * height, someY, i * height, height);
        }
        return gradient(parameters, "support", someX, someY);
    }

    private Map<String, double[]> gradient(Map<String, double[]> parameters, String half, double[] xs, double[] ys) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new HashMap<>();
        List<Value> wrt = new ArrayList<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            Value value = b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST);
            values.put(entry.name(), value);
            wrt.add(value);
        }
        Layout arrays = layout.arrays();
        int examples = xs.length / layout.features().size();
        Value x = b.input(half + ".x", layout.features().stacked(examples), Program.Scope.TASK);
        Value y = b.input(half + ".y", arrays.shape(half + ".y").with(0, examples), Program.Scope.TASK);
        Value loss = model.loss(b, model.output(b, values, x, ForwardContext.PLAIN), Targets.of(y));
        List<Value> gradients = Autodiff.grad(b, loss, wrt);
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("loss", Program.Reduction.PER_TASK, loss));
        for (int i = 0; i < wrt.size(); i++) {
            String name = model.parameters().names().get(i);
            outputs.add(new Program.Output(name, Program.Reduction.SUM, gradients.get(i)));
        }
        Map<String, double[]> all = new HashMap<>(inputs);
        all.putAll(parameters);
        all.put(half + ".x", xs);
        all.put(half + ".y", ys);
        return run(b.build("gradient", outputs), all);
    }

    static double[] normal(String key, int count) {
        RandomStream stream = RandomStream.of(key.hashCode());
        return DoubleStream.generate(stream::nextNormal).limit(count).toArray();
    }

    static Map<String, double[]> run(Program program, Map<String, double[]> inputs) {
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs);
    }
}
