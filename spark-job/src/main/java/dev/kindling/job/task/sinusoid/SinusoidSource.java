package dev.kindling.job.task.sinusoid;

import dev.kindling.job.random.Stream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;

/**
 * Sine waves {@code y = A sin(frequency x - phase)}, or with plus, regressed from a few points (Finn, Abbeel and Levine
 * 2017). In training the query points are drawn over the whole input range; in validation and testing they are evenly
 * spaced over it, both ends included.
 *
 * <p>Without a pool a task's curve and points come from the spec's seed. With a pool of n, a task is one of n curves with
 * frozen support points, drawn uniformly; the curve and its support come from the pool index (the item of the spec),
 * the training query from the seed. A pool is a data set: the same for every run seed, and another for each purpose.
 */
final class SinusoidSource implements TaskSource {
    private static final int[] NO_ITEMS = {};
    private static final long CURVE_AND_SUPPORT = 0;
    private static final long QUERY = 1;
    private static final long POOL = 2;

    private final SinusoidSettings settings;

    SinusoidSource(SinusoidSettings settings) {
        this.settings = settings;
    }

    @Override
    public EpisodeLayout layout(Purpose purpose) {
        return new EpisodeLayout(
                Shape.of(1),
                0,
                1,
                settings.sizes().support(purpose),
                settings.sizes().query(purpose));
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        long seed = key.taskSeed();
        int[] items = settings.pool() == 0
                ? NO_ITEMS
                : new int[] {Stream.of(seed, POOL).nextInt(settings.pool())};
        return new TaskSpec(key.purpose(), key.round(), key.index(), seed, items);
    }

    @Override
    public void materialise(TaskSpec spec, Storage target, int offset) {
        Purpose purpose = spec.purpose();
        int support = settings.sizes().support(purpose);
        int query = settings.sizes().query(purpose);
        Stream stream = Stream.of(curveSeed(spec));
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
        for (int i = 0; i < support; i++) {
            double x = stream.nextDouble(low, high);
            target.set(offset + i, x);
            target.set(offset + support + i, amplitude * StrictMath.sin(frequency * x + shift));
        }

        int at = offset + 2 * support;
        Stream points = Stream.of(spec.seed(), QUERY);
        for (int i = 0; i < query; i++) {
            double x = purpose == Purpose.TRAIN ? draw(points, settings.input()) : even(i, query);
            target.set(at + i, x);
            target.set(at + query + i, amplitude * StrictMath.sin(frequency * x + shift));
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }

    private long curveSeed(TaskSpec spec) {
        return settings.pool() == 0
                ? Stream.seed(spec.seed(), CURVE_AND_SUPPORT)
                : Stream.seed(POOL, spec.purpose().key(), spec.items()[0]);
    }

    private static double draw(Stream stream, Range range) {
        return stream.nextDouble(range.low(), range.high());
    }

    /** The i-th of n evenly spaced inputs; the middle of the range for n = 1. */
    private double even(int i, int n) {
        double share = n == 1 ? 0.5 : (double) i / (n - 1);
        return settings.input().low() + settings.input().width() * share;
    }
}
