package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.ProgramProbe;
import dev.kindling.driver.check.reference.TaskContext;
import dev.kindling.job.algorithm.Algorithm;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
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
 * Compares every method's training program with the same task computed step by step: over networks, numbers of inner steps,
 * modes of batch norm, unrolled steps and loops, and memory limits of loops. Losses and known contributions must agree to
 * 1e-10, as must all forms of one program and the derivatives of exact contributions. On the smallest network, and for
 * methods without inner steps, the derivatives are also compared with numerical ones.
 */
class StepByStepTest {
    private static final int[] STEPS = {1, 2, 3, 5, 16};
    private static final List<String> MODES = List.of("query", "support-and-query", "support-and-one", "running");
    private static final List<Integer> CATEGORIES = List.of(4, 3);
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 5, 4);
    private static final EpisodeLayout ROWS = new EpisodeLayout(Shape.of(3), 0, 1, 5, 4)
            .withWeights()
            .orderedBy(OptionalInt.of(2))
            .withCategories(CATEGORIES);
    private static final Backend BACKEND = Backends.named("vector");
    private static final CompileOptions LARGE_MEMORY = new CompileOptions(Precision.DOUBLE, 1L << 30);
    private static final CompileOptions SMALL_MEMORY = new CompileOptions(Precision.DOUBLE, 1);

    /** Compiled passes, shared by all cases of a network. */
    private final Map<Program, Executable> compiled = new ConcurrentHashMap<>();

    /** Configured methods, shared by all networks. */
    private final Map<Method, Methods> configured = new ConcurrentHashMap<>();

    /**
     * A method with settings.
     *
     * @param settings that override {@code reference.conf}
     */
    private record Method(String name, List<String> settings) {
        static Method of(String name, String... settings) {
            return new Method(name, List.of(settings));
        }
    }

    /** A network with the layout of its tasks. */
    private record Net(String name, EpisodeLayout layout) {
        Model model(String mode) {
            Optional<NetworkFile> file =
                    name.equals("json") ? Optional.of(new NetworkFile("a test's network", json())) : Optional.empty();
            return ModelFactory.of(new ModelSettings(name, "fan-in-uniform", mode, file), layout);
        }

        /** A network with a non-square convolution, batch norm, tanh and max pooling. */
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

        /** Whether the network is small enough for numerical derivatives. */
        boolean small() {
            return !hasBatchNorm();
        }

        boolean hasBatchNorm() {
            return layout.features().rank() == 3;
        }
    }

    private static EpisodeLayout images(int extent, int ways) {
        return new EpisodeLayout(Shape.of(1, extent, extent), ways, ways, 2 * ways, ways);
    }

    private static final List<Net> NETS = List.of(
            new Net("mlp-40-40", POINTS),
            new Net("mlp-20-10", POINTS.withWeights()),
            new Net("dense-8, layer-norm, tanh", ROWS),
            new Net(
                    "mlp-8-tanh",
                    new EpisodeLayout(Shape.of(2), 2, 2, 6, 4).withWeights().orderedBy(OptionalInt.of(0))),
            new Net(
                    "mlp-8",
                    new EpisodeLayout(Shape.of(2), 4, 4, 8, 5)
                            .withWeights()
                            .orderedBy(OptionalInt.of(1))
                            .withCategories(CATEGORIES)),
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
                Method.of("imaml", "imaml.max-iterations=3"),
                Method.of("imaml", "imaml.solver=neumann", "imaml.max-iterations=3"),
                Method.of("reptile", "reptile.batch=4")));
        if (net.layout().classification()) {
            methods.add(Method.of("proto-maml"));
            methods.add(Method.of("proto-maml", "proto-maml.adapt=[head]"));
        }
        if (!net.hasBatchNorm()) {
            // RMSProp amplifies gradients that are only rounding errors, as before batch norm.
            methods.add(Method.of("reptile", "algorithm.inner-optimizer=rmsprop"));
        }
        if (net.small() || net.name().equals("json")) {
            methods.add(Method.of("maml", "algorithm.inner-optimizer=momentum"));
            methods.add(Method.of("meta-sgd", "algorithm.inner-optimizer=adam"));
        }
        return methods;
    }

    @TestFactory
    java.util.stream.Stream<DynamicTest> methodsThatAdapt() {
        return NETS.stream()
                .flatMap(net -> adapting(net).stream()
                        .map(method -> DynamicTest.dynamicTest(
                                method + " on " + net.name(), () -> checkAllCases(net, method))));
    }

    private void checkAllCases(Net net, Method method) {
        List<Case> cases = new ArrayList<>();
        for (String mode : net.hasBatchNorm() ? MODES : MODES.subList(0, 1)) {
            if (mode.equals("running") && method.name().equals("maml-plus-plus")) {
                continue;
            }
            for (int steps : STEPS) {
                cases.add(new Case(net, method, mode, steps));
            }
        }
        List<String> failures =
                cases.parallelStream().flatMap(one -> failure(one).stream()).toList();
        assertThat(failures).isEmpty();
    }

    /** The message of a failed case: exceptions that a parallel stream throws lose theirs. */
    private Optional<String> failure(Case one) {
        try {
            check(one.net(), one.net().model(one.mode()), forms(one.method(), one.steps()), one.what());
            return Optional.empty();
        } catch (AssertionError error) {
            return Optional.of(String.valueOf(error.getMessage()));
        }
    }

    /** A method's configuration on a network. */
    private record Case(Net net, Method method, String mode, int steps) {
        String what() {
            return method + " on " + net.name() + ", batch norm " + mode + ", " + steps + " steps";
        }
    }

    /** The forms of a program: as a loop with each memory limit, and unrolled; long programs only if the method unrolls itself. */
    private List<Form> forms(Method method, int steps) {
        List<Form> forms = new ArrayList<>();
        forms.add(new Form(
                configured(method, steps, 0),
                steps > 1 ? List.of(LARGE_MEMORY, SMALL_MEMORY) : List.of(LARGE_MEMORY),
                "as a loop"));
        if (steps <= 3 || method.name().equals("anil")) {
            forms.add(new Form(configured(method, steps, steps), List.of(LARGE_MEMORY), "unrolled"));
        }
        return forms;
    }

    private Methods configured(Method method, int steps, int unroll) {
        List<String> all = new ArrayList<>(method.settings());
        all.addAll(List.of(
                "algorithm.inner-learning-rate=0.05", "algorithm.inner-steps=" + steps, "algorithm.unroll=" + unroll));
        return configured.computeIfAbsent(new Method(method.name(), all), any -> Methods.named(method.name(), all));
    }

    /** A form of a method's program, with the memory limits that it is compiled for. */
    private record Form(Methods methods, List<CompileOptions> memories, String description) {}

    @TestFactory
    java.util.stream.Stream<DynamicTest> methodsWithoutInnerSteps() {
        return NETS.stream()
                .flatMap(net -> java.util.stream.Stream.of(
                                "proto-net",
                                "relation-net",
                                "hypernetwork",
                                "cnp",
                                "bayesian-linear",
                                "ridge-head",
                                "logistic-head",
                                "transfer",
                                "random")
                        .filter(method -> fits(net, method))
                        .map(method -> DynamicTest.dynamicTest(method + " on " + net.name(), () -> {
                            for (String mode : net.hasBatchNorm() ? MODES : MODES.subList(0, 1)) {
                                List<String> settings =
                                        List.of("hypernetwork.width=8", "cnp.width=8", "bayesian-linear.features=3");
                                Form form = new Form(
                                        Methods.named(method, settings), List.of(LARGE_MEMORY), "without steps");
                                check(net, net.model(mode), List.of(form), method + " " + mode);
                            }
                        })));
    }

    private static boolean fits(Net net, String method) {
        return switch (method) {
            case "proto-net", "logistic-head" -> net.layout().classification();
            case "relation-net" -> net.name().equals("json");
            case "hypernetwork", "cnp" ->
                net.name().startsWith("mlp") && !net.layout().classification();
            default -> true;
        };
    }

    /** Compares the first form with the reference, and all other forms with the first. */
    private void check(Net net, Model model, List<Form> forms, String what) {
        Methods methods = forms.get(0).methods();
        Algorithm algorithm = methods.algorithm();
        Layout parameters = algorithm.parameters(model);
        FlatVector theta = start(algorithm, model, parameters);
        NamedArrays episode = episode(net.layout());
        ProgramProbe.Outputs first = null;
        for (Form form : forms) {
            Program train = form.methods().algorithm().train(model, net.layout());
            for (CompileOptions memory : form.memories()) {
                ProgramProbe.Outputs found = run(BACKEND.compile(train, memory), episode, theta);
                String how = what + " " + form.description() + " in " + memory.memoryBytes() + " bytes";
                if (first == null) {
                    first = found;
                    TaskContext task =
                            new TaskContext(model, net.layout(), parameters, episode, new int[] {1, 2}, 4, this::probe);
                    new Expectation(methods, task, net.small(), this::compiled).check(found, theta, how);
                } else {
                    double difference = Math.max(
                            Expectation.distance(found.summed(), first.summed()),
                            Expectation.relative(found.scalar("query_loss"), first.scalar("query_loss")));
                    assertThat(difference).as(how).isLessThan(Expectation.TOLERANCE);
                }
            }
        }
    }

    /**
     * Slightly perturbed initial parameters. Unperturbed, the rates of all steps are equal, biases are 0 and gammas 1, so a
     * program that confuses them would pass.
     */
    private static FlatVector start(Algorithm algorithm, Model model, Layout parameters) {
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, parameters.size());
        algorithm.initialise(model, 5, theta);
        RandomStream stream = RandomStream.of(11);
        for (Layout.Entry entry : parameters.entries()) {
            double size = algorithm.runningStatistics(model).containsKey(entry.name()) ? 0 : 0.01;
            for (int i = entry.offset(); i < entry.offset() + entry.shape().size(); i++) {
                theta.set(i, theta.at(i) + size * stream.nextNormal());
            }
        }
        return theta;
    }

    private static void setIndices(EpisodeLayout layout, double[] inputs) {
        int width = layout.input().size();
        for (int category = 0; category < layout.categories().size(); category++) {
            int element = layout.features().size() + category;
            for (int row = 0; row < inputs.length / width; row++) {
                inputs[row * width + element] =
                        (row + category) % layout.categories().get(category);
            }
        }
    }

    private static ProgramProbe.Outputs run(Executable train, NamedArrays episode, FlatVector theta) {
        ProgramProbe probe = new ProgramProbe(train);
        probe.setAll(episode);
        probe.set(EpisodeLayout.KEY, 1, 2);
        probe.set(EpisodeLayout.ROUND, 4);
        return probe.at(theta);
    }

    private Executable compiled(Program program) {
        return compiled.computeIfAbsent(program, any -> BACKEND.compile(program, LARGE_MEMORY));
    }

    private ProgramProbe probe(Program program) {
        return new ProgramProbe(compiled(program));
    }

    private static NamedArrays episode(EpisodeLayout layout) {
        NamedArrays episode = NamedArrays.zeros(layout.arrays());
        RandomStream stream = RandomStream.of(7);
        for (String name : episode.names()) {
            double[] array = episode.get(name);
            for (int i = 0; i < array.length; i++) {
                if (name.endsWith(".w")) {
                    array[i] = i == 1 ? 0 : Math.exp(stream.nextNormal());
                } else {
                    array[i] =
                            layout.classification() && name.endsWith(".y") ? i % layout.classes() : stream.nextNormal();
                }
            }
            if (name.endsWith(".x")) {
                setIndices(layout, array);
            }
        }
        return episode;
    }
}
