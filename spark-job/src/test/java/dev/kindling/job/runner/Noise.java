package dev.kindling.job.runner;

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
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Episodes of noise, some of them bad on demand, and a program over them whose sums round at every addition. */
final class Noise implements TaskSource {
    static final int GOOD = 0;
    static final int LOSS_IS_NAN = 1;
    static final int SUM_OVERFLOWS = 2;
    static final int NO_DATA = 3;

    private static final EpisodeLayout LAYOUT = new EpisodeLayout(Shape.of(1), 0, 1, 3, 2);

    static Job job(Precision precision, int blockSize) {
        return job("reference", new CompileOptions(precision, 1 << 20), blockSize);
    }

    static Job job(String backend, CompileOptions options, int blockSize) {
        return new Job(
                new SourceDescription("noise", new TreeMap<>()),
                backend,
                options,
                blockSize,
                new TreeMap<>(Map.of("train", ProgramVariants.of(program()))));
    }

    static Program program() {
        ProgramBuilder b = new ProgramBuilder();
        Value w = b.input("w", Shape.of(5), Program.Scope.BROADCAST);
        LAYOUT.arrays().entries().forEach(entry -> b.input(entry.name(), entry.shape(), Program.Scope.TASK));
        Program inputs = b.build("inputs", List.of());
        Value query = b.meanAll(b.square(inputs.input(EpisodeLayout.QUERY_Y)));
        Value support = b.sumAll(b.square(inputs.input(EpisodeLayout.SUPPORT_Y)));
        return b.build(
                "train",
                List.of(
                        new Program.Output("w", Program.Reduction.SUM, b.add(b.exp(w), support)),
                        new Program.Output("query_loss", Program.Reduction.PER_TASK, query),
                        new Program.Output("support_loss", Program.Reduction.PER_TASK, b.sumAll(w))));
    }

    static TaskSpec spec(int index, int how) {
        return new TaskSpec(Split.TRAIN, 6, index, RandomStream.seed(3, index), new int[] {how});
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return LAYOUT;
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        return spec(key.index(), GOOD);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        int how = spec.sampleIndices()[0];
        if (how == NO_DATA) {
            throw new BadDataException("noise of " + spec + " is empty");
        }
        RandomStream stream = RandomStream.of(spec.seed());
        for (int i = 0; i < LAYOUT.arrays().size(); i++) {
            target.set(offset + i, stream.nextDouble(-3, 3));
        }
        if (how == LOSS_IS_NAN) {
            target.set(offset + LAYOUT.arrays().offset(EpisodeLayout.QUERY_Y), Double.NaN);
        }
        if (how == SUM_OVERFLOWS) {
            target.set(offset + LAYOUT.arrays().offset(EpisodeLayout.SUPPORT_Y), 1e300);
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }
}
