package dev.kindling.job.task.sinusoid;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;

/**
 * A task source of sine waves {@code y = A sin(frequency x - phase)}, or with plus, to be regressed from a few points (Finn,
 * Abbeel and Levine 2017, section 5.1). In training the query points are drawn uniformly from the input range; in validation
 * and testing they are evenly spaced over it, both ends included.
 *
 * <p>Without a pool a task's curve and points come from the spec's seed. With a pool of n, a task is one of n curves with
 * fixed support points, drawn uniformly; the curve and its support set come from the pool index (the spec's sample index),
 * the training query set from the seed. A pool is a data set: the same for every run seed, and a different one for each
 * split.
 *
 * <p>An input is x or, for an oracle, [x, A, phase] of the same tasks (the upper bound of the paper's figure 3).
 */
final class SinusoidSource implements TaskSource {
    private static final int[] NO_INDICES = {};
    private static final long CURVE_AND_SUPPORT = 0;
    private static final long QUERY = 1;
    private static final long POOL = 2;
    private static final int ORACLE_INPUTS = 3;

    private final SinusoidSettings settings;

    SinusoidSource(SinusoidSettings settings) {
        this.settings = settings;
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return new EpisodeLayout(
                Shape.of(width()),
                0,
                1,
                settings.sizes().support(split),
                settings.sizes().query(split));
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        long seed = key.taskSeed();
        int[] indices = settings.pool() == 0
                ? NO_INDICES
                : new int[] {RandomStream.of(seed, POOL).nextInt(settings.pool())};
        return new TaskSpec(key.split(), key.round(), key.index(), seed, indices);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        Split split = spec.split();
        int support = settings.sizes().support(split);
        int query = settings.sizes().query(split);
        RandomStream stream = RandomStream.of(curveSeed(spec));
        double amplitude = draw(stream, settings.amplitude());
        double phase = draw(stream, settings.phase());
        double shift = settings.sign() == SinusoidSettings.Sign.MINUS ? -phase : phase;
        double frequency = draw(stream, settings.frequency());

        double low = settings.input().low();
        double high = settings.input().high();
        if (settings.side() == SinusoidSettings.Side.ONE) {
            boolean left = stream.nextInt(2) == 0;
            low = left ? low : 0;
            high = left ? 0 : high;
        }
        Curve curve = new Curve(amplitude, phase, frequency, shift);
        int width = width();
        for (int i = 0; i < support; i++) {
            put(curve, stream.nextDouble(low, high), target, offset + i * width, offset + support * width + i);
        }

        int queryOffset = offset + support * (width + 1);
        RandomStream queryStream = RandomStream.of(spec.seed(), QUERY);
        for (int i = 0; i < query; i++) {
            double x = split == Split.TRAIN ? draw(queryStream, settings.input()) : evenlySpaced(i, query);
            put(curve, x, target, queryOffset + i * width, queryOffset + query * width + i);
        }
    }

    /** A task's curve, {@code y = amplitude sin(frequency x + shift)}, where the shift is plus or minus the phase. */
    private record Curve(double amplitude, double phase, double frequency, double shift) {
        private double at(double x) {
            return amplitude * StrictMath.sin(frequency * x + shift);
        }
    }

    private int width() {
        return settings.oracle() ? ORACLE_INPUTS : 1;
    }

    /** Writes one point: its input from the offset {@code input}, its target at the offset {@code output}. */
    private void put(Curve curve, double x, FlatVector target, int input, int output) {
        target.set(input, x);
        if (settings.oracle()) {
            target.set(input + 1, curve.amplitude());
            target.set(input + 2, curve.phase());
        }
        target.set(output, curve.at(x));
    }

    @Override
    public String dataHash() {
        return "generated";
    }

    private long curveSeed(TaskSpec spec) {
        return settings.pool() == 0
                ? RandomStream.seed(spec.seed(), CURVE_AND_SUPPORT)
                : RandomStream.seed(POOL, spec.split().key(), spec.sampleIndices()[0]);
    }

    private static double draw(RandomStream stream, DoubleRange range) {
        return stream.nextDouble(range.low(), range.high());
    }

    /** The i-th of n evenly spaced inputs; the middle of the range for n = 1. */
    private double evenlySpaced(int i, int n) {
        double fraction = n == 1 ? 0.5 : (double) i / (n - 1);
        return settings.input().low() + settings.input().width() * fraction;
    }
}
