package dev.kindling.driver.cluster;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/** A task source of noise for tests of clusters, with tasks that fail on demand, and a job with it. */
public final class NoiseProvider implements TaskSourceProvider {
    public static final int GOOD = 0;
    public static final int LOSS_IS_NAN = 1;
    public static final int NO_DATA = 2;
    public static final int BUG = 3;

    private static final EpisodeLayout LAYOUT = new EpisodeLayout(Shape.of(1), 0, 1, 3, 2);

    /** A job whose program has the given number of broadcast and summed elements. */
    public static Job job(Precision precision, int blockSize, int size, Map<String, String> settings) {
        return new Job(
                new SourceDescription("noise", new TreeMap<>(settings)),
                "reference",
                new CompileOptions(precision, 1 << 20),
                blockSize,
                new TreeMap<>(Map.of("train", ProgramVariants.of(program(size)))));
    }

    private static Program program(int size) {
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(size), Program.Scope.BROADCAST);
        Map<String, Value> episode = new TreeMap<>();
        LAYOUT.arrays()
                .entries()
                .forEach(entry -> episode.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.TASK)));
        Value query = b.meanAll(b.square(episode.get(EpisodeLayout.QUERY_Y)));
        Value support = b.sumAll(b.square(episode.get(EpisodeLayout.SUPPORT_Y)));
        return b.build(
                "train",
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.mul(b.exp(w), support)),
                        new Program.Output("query_loss", Program.Reduction.PER_TASK, query)));
    }

    public static FlatVector theta(Precision precision, int size) {
        FlatVector theta = FlatVector.zeros(precision, size);
        RandomStream stream = RandomStream.of(5);
        for (int i = 0; i < size; i++) {
            theta.set(i, stream.nextDouble(-1, 1));
        }
        return theta;
    }

    /** The specs of a round of valid tasks, except those at the given indices. */
    public static List<TaskSpec> specs(int tasks, Map<Integer, Integer> bad) {
        return IntStream.range(0, tasks)
                .mapToObj(i -> new TaskSpec(
                        Split.TRAIN, 12, i, RandomStream.seed(3, i), new int[] {bad.getOrDefault(i, GOOD)}))
                .toList();
    }

    @Override
    public String name() {
        return "noise";
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        if (settings.containsKey("missing")) {
            throw new BadDataException("the file " + settings.get("missing") + " is missing");
        }
        return new Noise();
    }

    private static final class Noise implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return LAYOUT;
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            throw new UnsupportedOperationException("specs are made by hand");
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            int how = spec.sampleIndices()[0];
            if (how == NO_DATA) {
                throw new BadDataException("noise of " + spec + " is empty");
            }
            if (how == BUG) {
                throw new IllegalStateException("a bug in the source");
            }
            RandomStream stream = RandomStream.of(spec.seed());
            for (int i = 0; i < LAYOUT.arrays().size(); i++) {
                target.set(offset + i, stream.nextDouble(-3, 3));
            }
            if (how == LOSS_IS_NAN) {
                target.set(offset + LAYOUT.arrays().offset(EpisodeLayout.QUERY_Y), Double.NaN);
            }
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }
}
