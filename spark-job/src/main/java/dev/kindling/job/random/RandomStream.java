package dev.kindling.job.random;

/**
 * A deterministic random number generator seeded by a key: SplitMix64 (Steele, Lea and Flood 2014), with every
 * transformation in {@link StrictMath}, so that a key gives the same numbers on every machine. The JDK specifies the
 * integers of its generators but not their normal deviates. Not thread-safe; cheap enough to construct for each task.
 */
public final class RandomStream {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private long state;

    private RandomStream(long state) {
        this.state = state;
    }

    /** The stream of a key; each part of the key and its position matter. */
    public static RandomStream of(long... key) {
        return new RandomStream(seed(key));
    }

    /** A 64-bit hash of a key; each part of the key and its position matter. */
    public static long seed(long... key) {
        long seed = 0;
        for (long part : key) {
            seed = mix(seed + GOLDEN + mix(part + GOLDEN));
        }
        return seed;
    }

    private static long mix(long bits) {
        long z = bits;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Uniform in [0, 1), 53 bits. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [0, 1), 24 bits, which a float holds exactly. */
    public double next24Bits() {
        return (nextLong() >>> 40) * 0x1.0p-24;
    }

    /** Uniform in [low, high); {@code low} when the range is empty. */
    public double nextDouble(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Uniform integer in [0, bound), without bias; {@code bound} is at least 1. */
    public int nextInt(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("bound is " + bound + "; it must be at least 1");
        }
        // Lemire's multiplication (2019), which rejects the few low products that would bias the result.
        long product = (nextLong() >>> 32) * bound;
        long low = product & 0xffffffffL;
        if (low < bound) {
            long threshold = (0x100000000L - bound) % bound;
            while (low < threshold) {
                product = (nextLong() >>> 32) * bound;
                low = product & 0xffffffffL;
            }
        }
        return (int) (product >>> 32);
    }

    /** Standard normal deviate: the cosine branch of the Box-Muller transform. */
    public double nextNormal() {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * StrictMath.PI * nextDouble());
    }

    /** Standard normal deviate conditioned on lying within {@code bound} of 0. */
    public double nextTruncatedNormal(double bound) {
        double deviate = nextNormal();
        while (Math.abs(deviate) > bound) {
            deviate = nextNormal();
        }
        return deviate;
    }

    /** {@code count} distinct integers of [0, bound), in random order (a partial Fisher-Yates shuffle). */
    public int[] sampleWithoutReplacement(int count, int bound) {
        if (count < 0 || count > bound) {
            throw new IllegalArgumentException("cannot choose " + count + " different of " + bound);
        }
        int[] all = new int[bound];
        for (int i = 0; i < bound; i++) {
            all[i] = i;
        }
        int[] chosen = new int[count];
        for (int i = 0; i < count; i++) {
            int j = i + nextInt(bound - i);
            chosen[i] = all[j];
            all[j] = all[i];
        }
        return chosen;
    }
}
