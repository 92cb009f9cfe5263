package dev.kindling.job.runner;

import dev.kindling.job.backend.CompileOptions;
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
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Episodes of noise whose support sets have 1 to 4 points, and a program over them whose sums round at every addition. */
final class Lengths implements TaskSource {
    static final int LONGEST = 4;

    static TaskSpec spec(int index, int length) {
        return new TaskSpec(Split.TRAIN, 6, index, RandomStream.seed(3, index), new int[] {length});
    }

    static EpisodeLayout layout(int length) {
        return new EpisodeLayout(Shape.of(1), 0, 1, length, 2);
    }

    /** A job for tasks of the given lengths. */
    static Job job(String backend, long memory, int blockSize, int... lengths) {
        ProgramVariants programVariants = new ProgramVariants(
                IntStream.of(lengths).mapToObj(Lengths::program).toList());
        return new Job(
                new SourceDescription("lengths", new TreeMap<>()),
                backend,
                new CompileOptions(Precision.FLOAT, memory),
                blockSize,
                new TreeMap<>(Map.of("train", programVariants)));
    }

    private static Program program(int length) {
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(5), Program.Scope.BROADCAST);
        Map<String, Value> episode = new HashMap<>();
        layout(length)
                .arrays()
                .entries()
                .forEach(entry -> episode.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.TASK)));
        Value query = b.meanAll(b.square(episode.get(EpisodeLayout.QUERY_Y)));
        Value support = b.sumAll(b.square(episode.get(EpisodeLayout.SUPPORT_Y)));
        return b.build(
                "train",
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.add(b.exp(w), support)),
                        new Program.Output("query_loss", Program.Reduction.PER_TASK, query),
                        new Program.Output("support_loss", Program.Reduction.PER_TASK, support)));
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return layout(LONGEST);
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        return IntStream.rangeClosed(1, LONGEST).mapToObj(Lengths::layout).toList();
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        return layout(spec.sampleIndices()[0]);
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        throw new UnsupportedOperationException("specs are made by hand");
    }

    /** Noise; an infinite one if the spec has a second item. */
    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        RandomStream stream = RandomStream.of(spec.seed());
        int size = layout(spec).arrays().size();
        for (int i = 0; i < size; i++) {
            target.set(offset + i, stream.nextDouble(-3, 3));
        }
        if (spec.sampleIndices().length > 1) {
            target.set(offset + size - 1, Double.POSITIVE_INFINITY);
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }
}
