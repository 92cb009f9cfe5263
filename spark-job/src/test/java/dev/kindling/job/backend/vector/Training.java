package dev.kindling.job.backend.vector;

import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.MamlAlgorithm;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.Map;

/** Small meta-training runs by gradient descent on random episodes; {@link #main} prints a hash of the results on a backend. */
final class Training {
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 10, 10);
    private static final EpisodeLayout IMAGES = new EpisodeLayout(Shape.of(28, 28), 5, 5, 5, 5);
    private static final double RATE = 0.01;

    private final Model model;
    private final EpisodeLayout layout;
    private final Executable executable;
    private final FlatVector theta;

    private Training(Backend backend, String network, EpisodeLayout layout, InnerSettings inner, Precision precision) {
        this.layout = layout;
        this.model = ModelFactory.of(ModelSettings.preset(network), layout);
        Program program = new MamlAlgorithm(inner).train(model, layout);
        this.executable = backend.compile(program, new CompileOptions(precision, 1 << 28));
        this.theta = FlatVector.zeros(precision, model.parameters().size());
        model.initialise(1, theta);
    }

    static Training sinusoid(Precision precision, int steps) {
        return sinusoid(Backends.named("vector"), precision, steps);
    }

    private static Training sinusoid(Backend backend, Precision precision, int steps) {
        return new Training(backend, "mlp-40-40", POINTS, new InnerSettings(0.01, steps), precision);
    }

    static Training omniglot(Precision precision) {
        return omniglot(Backends.named("vector"), precision);
    }

    private static Training omniglot(Backend backend, Precision precision) {
        return new Training(backend, "omniglot-fc", IMAGES, new InnerSettings(0.4, 1), precision);
    }

    /** Images of odd extent and three channels. */
    private static Training convolutions(Backend backend, Precision precision) {
        EpisodeLayout photographs = new EpisodeLayout(Shape.of(3, 9, 9), 5, 5, 5, 5);
        return new Training(backend, "conv4", photographs, new InnerSettings(0.4, 1), precision);
    }

    Executable executable() {
        return executable;
    }

    FlatVector theta() {
        return theta;
    }

    Workspace.TaskInputs episodes(long seed) {
        return (task, target, offset) -> {
            RandomStream stream = RandomStream.of(seed, task);
            int size = layout.arrays().size();
            for (int i = 0; i < size; i++) {
                target.set(offset + i, stream.nextDouble(-1, 1));
            }
            if (layout.classification()) {
                label(target, offset + layout.arrays().offset(EpisodeLayout.SUPPORT_Y));
                label(target, offset + layout.arrays().offset(EpisodeLayout.QUERY_Y));
            }
        };
    }

    private void label(FlatVector target, int offset) {
        for (int i = 0; i < layout.classes(); i++) {
            target.set(offset + i, i);
        }
    }

    /** θ after the given number of rounds. */
    FlatVector train(int rounds, int tasks) {
        Workspace workspace = executable.workspace();
        FlatVector sums = FlatVector.zeros(
                executable.precision(), executable.program().sums().size());
        double[] perTaskOutputs =
                new double[tasks * executable.program().perTask().size()];
        for (int round = 0; round < rounds; round++) {
            workspace.setBroadcastInputs(theta);
            workspace.run(tasks, episodes(round), sums, perTaskOutputs);
            for (int i = 0; i < theta.size(); i++) {
                theta.set(i, theta.at(i) - RATE / tasks * sums.at(i));
            }
        }
        return theta;
    }

    private static double[] solutions(Backend backend, Precision precision) {
        RandomStream stream = RandomStream.of(23);
        double[] right = new double[23 * 37];
        Arrays.setAll(right, any -> (float) stream.nextDouble(-1, 1));
        Map<String, double[]> inputs = Map.of("a", SolveTest.positiveDefinite(stream, 23, precision), "b", right);
        return Runs.once(backend, precision, SolveTest.program(23, 37), inputs).get("x");
    }

    /** A hash of the bits of all trained parameters and of some solutions. */
    static String fingerprint(String backendName) {
        Backend backend = Backends.named(backendName);
        long hash = 1;
        for (Precision precision : Precision.values()) {
            for (Training training : new Training[] {
                sinusoid(backend, precision, 1),
                sinusoid(backend, precision, 5),
                omniglot(backend, precision),
                convolutions(backend, precision)
            }) {
                boolean small = training.layout.equals(POINTS);
                for (double value :
                        training.train(small ? 20 : 3, small ? 5 : 2).toDoubles()) {
                    hash = hash * 31 + Double.doubleToLongBits(value);
                }
            }
        }
        for (Precision precision : Precision.values()) {
            for (double value : solutions(backend, precision)) {
                hash = hash * 31 + Double.doubleToLongBits(value);
            }
        }
        return Long.toHexString(hash);
    }

    public static void main(String[] args) {
        System.out.println(fingerprint(args[0]));
    }
}
