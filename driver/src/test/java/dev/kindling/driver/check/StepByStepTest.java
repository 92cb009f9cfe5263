package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.check.DirectionalDerivatives.Part;
import dev.kindling.driver.check.DirectionalDerivatives.Point;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.ProgramProbe;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.driver.check.reference.TaskContext;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Every method's training program against the same task computed step by step: over networks, counts of inner steps, modes of
 * batch norm, steps written out and as a loop, and memory for loops. Losses, and contributions that are known number by number,
 * must agree to 1e-10, and so must all ways to compute one thing; exact contributions also with numerical derivatives.
 */
class StepByStepTest {
    private static final double TOLERANCE = 1e-10;
    /** Of derivatives, which are differences as short as rectifiers allow: relative to the length of the whole gradient. */
    private static final double DERIVATIVE_TOLERANCE = 1e-7;

    private static final int[] STEPS = {1, 2, 3, 5, 16};
    private static final int[] SHORT = {1, 2, 3};
    private static final List<String> MODES = List.of("query", "support-and-query", "support-and-one", "running");
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 5, 4);
    private static final Backend BACKEND = Backends.named("vector");
    private static final CompileOptions PLENTY = new CompileOptions(Precision.DOUBLE, 1L << 30);
    private static final CompileOptions LITTLE = new CompileOptions(Precision.DOUBLE, 1);

    /** What is compiled for passes of one step serves all cases of a network. */
    private final Map<Program, Executable> compiled = new HashMap<>();

    /**
     * A way to configure a method.
     *
     * @param settings over the reference configuration
     */
    private record Method(String name, List<String> settings) {
        static Method of(String name, String... settings) {
            return new Method(name, List.of(settings));
        }
    }

    /** A network with tasks that fit it. */
    private record Net(String name, EpisodeLayout layout) {
        Model model(String mode) {
            Optional<NetworkFile> file =
                    name.equals("json") ? Optional.of(new NetworkFile("a test's network", json())) : Optional.empty();
            return ModelFactory.of(new ModelSettings(name, "fan-in-uniform", mode, file), layout);
        }

        /** A convolution that is not square, batch norm, tanh, maximum pooling. */
        private static byte[] json() {
            return new NeuralNetConfiguration.Builder()
                    .list()
                    .layer(new ConvolutionLayer.Builder(3, 2)
                            .nOut(3)
                            .convolutionMode(ConvolutionMode.Same)
                            .activation(Activation.IDENTITY)
                            .build())
                    .layer(new BatchNormalization())
                    .layer(new org.deeplearning4j.nn.conf.layers.ActivationLayer(Activation.TANH))
                    .layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                            .kernelSize(2, 2)
                            .stride(2, 2)
                            .build())
                    .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                            .nOut(3)
                            .activation(Activation.SOFTMAX)
                            .build())
                    .setInputType(InputType.convolutional(8, 8, 1))
                    .build()
                    .toJson()
                    .getBytes(StandardCharsets.UTF_8);
        }

        /** Whether many passes cost little. */
        boolean cheap() {
            return name.startsWith("mlp") || name.equals("json");
        }

        boolean hasBatchNorm() {
            return layout.classification();
        }
    }

    private static EpisodeLayout images(int extent, int ways) {
        return new EpisodeLayout(Shape.of(1, extent, extent), ways, ways, 2 * ways, ways);
    }

    private static final List<Net> NETS = List.of(
            new Net("mlp-40-40", POINTS),
            new Net("omniglot-fc", images(4, 3)),
            new Net("conv4", images(8, 2)),
            new Net("conv4-pool-32", images(16, 2)),
            new Net("json", images(8, 3)));

    private static List<Method> adapting(Net net) {
        List<Method> methods = new ArrayList<>(List.of(
                Method.of("maml"),
                Method.of("fomaml"),
                Method.of("anil"),
                Method.of("meta-sgd"),
                Method.of("maml-plus-plus", "maml-plus-plus.anneal=10"),
                Method.of("maml-plus-plus", "maml-plus-plus.adapt-normalisation=true"),
                Method.of("imaml", "imaml.terms=3"),
                Method.of("imaml", "imaml.solver=neumann", "imaml.terms=3"),
                Method.of("reptile", "reptile.batch=4")));
        if (net.hasBatchNorm()) {
            methods.add(Method.of("proto-maml"));
        }
        if (!net.hasBatchNorm()) {
            // Where a gradient is nothing but rounding, as behind batch norm, RMSProp makes it as long as any other.
            methods.add(Method.of("reptile", "algorithm.inner-optimizer=rmsprop"));
        }
        if (net.cheap()) {
            methods.add(Method.of("maml", "algorithm.inner-optimizer=momentum"));
            methods.add(Method.of("meta-sgd", "algorithm.inner-optimizer=adam"));
        }
        return methods;
    }

    @TestFactory
    java.util.stream.Stream<DynamicTest> methodsThatAdapt() {
        return NETS.stream()
                .flatMap(net -> adapting(net).stream()
                        .map(method ->
                                DynamicTest.dynamicTest(method + " on " + net.name(), () -> everyWay(net, method))));
    }

    private void everyWay(Net net, Method method) {
        for (String mode : net.hasBatchNorm() ? MODES : MODES.subList(0, 1)) {
            if (mode.equals("running") && method.name().equals("maml-plus-plus")) {
                continue;
            }
            Model model = net.model(mode);
            // Of the networks whose passes are dear long adaptation in one mode.
            for (int steps : net.cheap() || mode.equals("query") ? STEPS : SHORT) {
                List<String> settings = new ArrayList<>(method.settings());
                settings.add("algorithm.inner-rate=0.05");
                settings.add("algorithm.inner-steps=" + steps);
                String what = method + " on " + net.name() + ", batch norm " + mode + ", " + steps + " steps";
                check(net, model, forms(method.name(), settings, steps), net.cheap() || steps < 3, what);
            }
        }
    }

    /** As a loop in each memory, and written out; long programs only where the method writes them out by itself. */
    private static List<Form> forms(String method, List<String> settings, int steps) {
        List<Form> forms = new ArrayList<>();
        forms.add(Form.of(method, settings, 0, PLENTY));
        if (steps > 1) {
            forms.add(Form.of(method, settings, 0, LITTLE));
        }
        if (steps <= 3 || method.equals("anil")) {
            forms.add(Form.of(method, settings, steps, PLENTY));
        }
        return forms;
    }

    /** One way to compute a method. */
    private record Form(Methods methods, CompileOptions memory, String what) {
        static Form of(String method, List<String> settings, int unroll, CompileOptions memory) {
            List<String> all = new ArrayList<>(settings);
            all.add("algorithm.unroll=" + unroll);
            String how = unroll == 0 ? "as a loop" : "written out";
            return new Form(Methods.named(method, all), memory, how + " in " + memory.memoryBytes() + " bytes");
        }
    }

    @TestFactory
    java.util.stream.Stream<DynamicTest> methodsWithoutInnerSteps() {
        return NETS.stream()
                .flatMap(net -> java.util.stream.Stream.of(
                                "proto-net", "relation-net", "hypernetwork", "cnp", "transfer", "random")
                        .filter(method -> fits(net, method))
                        .map(method -> DynamicTest.dynamicTest(method + " on " + net.name(), () -> {
                            for (String mode : net.hasBatchNorm() ? MODES : MODES.subList(0, 1)) {
                                List<String> settings = List.of("hypernetwork.width=8", "cnp.width=8");
                                Form form = new Form(Methods.named(method, settings), PLENTY, "without steps");
                                check(net, net.model(mode), List.of(form), true, method + " " + mode);
                            }
                        })));
    }

    private static boolean fits(Net net, String method) {
        return switch (method) {
            case "proto-net" -> net.hasBatchNorm();
            case "relation-net" -> net.name().equals("json");
            case "hypernetwork", "cnp" -> !net.hasBatchNorm();
            default -> true;
        };
    }

    /** The first form against the steps made one by one, the others against the first. */
    private void check(Net net, Model model, List<Form> forms, boolean withDerivative, String what) {
        Methods methods = forms.get(0).methods();
        Algorithm algorithm = methods.algorithm();
        Layout parameters = algorithm.parameters(model);
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, parameters.size());
        algorithm.initialise(model, 5, theta);
        NamedArrays episode = episode(net.layout());
        TaskContext task =
                new TaskContext(model, net.layout(), parameters, episode, new int[] {1, 2}, 4, this::compiled);
        Reference reference = methods.reference().on(task);
        ProgramProbe.Outputs first = run(forms.get(0), net, model, episode, theta);
        assertThat(number(algorithm, theta, first, reference))
                .as(what + " " + forms.get(0).what())
                .isLessThan(TOLERANCE);
        if (algorithm.claim() == Claim.EXACT && withDerivative) {
            assertThat(derivative(algorithm, model, theta, first.sums(), reference))
                    .as(what + ", derivative")
                    .isLessThan(DERIVATIVE_TOLERANCE);
        }
        for (Form form : forms.subList(1, forms.size())) {
            ProgramProbe.Outputs other = run(form, net, model, episode, theta);
            double difference = Math.max(
                    distance(other.summed(), first.summed()),
                    relative(other.scalar("query_loss"), first.scalar("query_loss")));
            assertThat(difference).as(what + " " + form.what()).isLessThan(TOLERANCE);
        }
    }

    private static ProgramProbe.Outputs run(Form form, Net net, Model model, NamedArrays episode, FlatVector theta) {
        Program train = form.methods().algorithm().train(model, net.layout());
        ProgramProbe probe = new ProgramProbe(BACKEND.compile(train, form.memory()));
        probe.setAll(episode);
        probe.set(EpisodeLayout.KEY, 1, 2);
        probe.set(EpisodeLayout.ROUND, 4);
        return probe.at(theta);
    }

    private Executable compiled(Program program) {
        return compiled.computeIfAbsent(program, any -> BACKEND.compile(program, PLENTY));
    }

    private static NamedArrays episode(EpisodeLayout layout) {
        NamedArrays episode = NamedArrays.zeros(layout.arrays());
        RandomStream stream = RandomStream.of(7);
        for (String name : episode.names()) {
            double[] array = episode.get(name);
            for (int i = 0; i < array.length; i++) {
                array[i] = layout.classification() && name.endsWith(".y") ? i % layout.classes() : stream.nextNormal();
            }
        }
        return episode;
    }

    private static double number(
            Algorithm algorithm, FlatVector theta, ProgramProbe.Outputs found, Reference reference) {
        NamedArrays at = NamedArrays.of(found.program().sums(), theta);
        Reference.Outcome expected = reference.at(at);
        List<Double> errors = new ArrayList<>();
        errors.add(relative(found.scalar("query_loss"), expected.queryLoss()));
        errors.add(relative(found.scalar("support_loss"), expected.supportLoss()));
        if (found.has("objective")) {
            errors.add(relative(found.scalar("objective"), expected.objective()));
        }
        NamedArrays contribution = found.summed();
        NamedArrays known = reference.known(at);
        errors.add(distance(contribution, known));
        if (algorithm.claim() == Claim.FIRST_ORDER) {
            errors.add(distance(contribution, reference.firstOrder(at).orElseThrow()));
        }
        if (algorithm.claim() == Claim.IMPLICIT) {
            // Products of the Hessian are differences there, good to some three digits.
            double residual = reference.residual(at, contribution).orElseThrow();
            errors.add(1e-7 * relative(found.scalar("residual"), residual));
        }
        return errors.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    private static double derivative(
            Algorithm algorithm, Model model, FlatVector theta, FlatVector contribution, Reference reference) {
        Layout parameters = algorithm.parameters(model);
        List<Layout.Entry> moving = parameters.entries().stream()
                .filter(entry -> !algorithm.runningStatistics(model).containsKey(entry.name()))
                .toList();
        FlatVector gradient = FlatVector.zeros(Precision.DOUBLE, contribution.size());
        moving.forEach(entry -> gradient.copyFrom(
                contribution, entry.offset(), entry.offset(), entry.shape().size()));
        Function<FlatVector, Point> objective = point -> {
            Reference.Outcome outcome = reference.at(NamedArrays.of(parameters, point));
            return new Point(outcome.objective(), outcome.sides());
        };
        ArrayError error = new DirectionalDerivatives(objective, List.of(new Part("θ", moving)), 3, 1)
                .errors(theta, gradient)
                .get("θ");
        assertThat(error.undecided()).isEmpty();
        return error.error();
    }

    private static double relative(double found, double expected) {
        return Math.abs(found - expected) / Math.max(1e-3, Math.abs(expected));
    }

    private static double distance(NamedArrays found, NamedArrays expected) {
        double difference = expected.plus(-1, found).norm();
        return difference == 0 ? 0 : difference / expected.norm();
    }
}
