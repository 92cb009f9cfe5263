package dev.kindling.driver.optimizer;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * One of ND4J's updaters over the flat vector θ: given a round's meta-gradient it moves θ. All arithmetic is in θ's
 * precision and elementwise, so the result does not depend on ND4J's threads. Not thread-safe; lives on the driver.
 *
 * <p>ND4J's Adam is the second form of Kingma and Ba (2015, end of section 2), in which the bias corrections enter the rate
 * and ε is added to the uncorrected root: with t = 1, 2, ... counting updates,
 *
 * <pre>
 * m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
 * θ ← θ - α √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
 * </pre>
 *
 * <p>so that its ε is worth ε / √(1 - β₂ᵗ) in the first form, which PyTorch and Optax compute: 31.6 times as much in the
 * first update, the same in the long run. With ε = 1e-8 that is seen only by parameters whose gradient is below 1e-6.
 *
 * <p>AdamW (Loshchilov and Hutter 2019, algorithm 2), which ND4J has not, is the same step from a θ that has shrunk: with the
 * scheduled rate α and the decay λ, θ ← (1 - α λ) θ - the step of Adam. The decay never enters the moments.
 */
public final class MetaOptimizer {
    private final IUpdater config;
    private final GradientUpdater<?> updater;
    private final Schedule rate;
    private final double decay;
    private final long rounds;
    private final Precision precision;
    private final INDArray gradientArray;
    private final FlatVector step;
    private long updates;

    /**
     * An optimizer that has not made an update.
     *
     * @param rounds {@code run.rounds}, over which the rate is scheduled
     * @param precision of θ and of the gradients
     * @param size count of numbers of θ
     */
    public MetaOptimizer(OptimizerSettings settings, long rounds, Precision precision, int size) {
        // ND4J spreads the elementwise loops of more than 1024 numbers over threads that wait for one another: where
        // other work keeps the cores busy a step of 5,000 numbers then takes milliseconds instead of 50 µs.
        Nd4j.getEnvironment().setMaxMasterThreads(1);
        this.config = settings.type().updater();
        this.rate = settings.rate();
        this.decay = settings.decay();
        this.rounds = rounds;
        this.precision = precision;
        this.step = FlatVector.zeros(precision, size);
        this.gradientArray = array(size);
        this.updater = updater(size);
    }

    private INDArray array(long size) {
        DataType type = precision == Precision.FLOAT ? DataType.FLOAT : DataType.DOUBLE;
        return Nd4j.create(type, 1, size);
    }

    private GradientUpdater<?> updater(int size) {
        long stateSize = config.stateSize(size);
        return stateSize == 0 ? config.instantiate((INDArray) null, true) : config.instantiate(array(stateSize), true);
    }

    /** How many updates have been made. */
    public long updates() {
        return updates;
    }

    /**
     * Moves θ against the gradient, in place. At a rate of exactly 0, with which a warm-up may begin, the moments take in the
     * gradient and θ keeps every bit: ND4J's Adam would put a tiny number in the place of a rate of 0.
     *
     * @param round 0-based; fixes the rate
     * @param gradient of θ's length and precision; stays as it is
     * @throws DivergedException if the next θ would not be finite; θ then keeps its last finite value
     */
    public void update(long round, FlatVector gradient, FlatVector theta) {
        double now = rate.at(round, rounds);
        if (config.hasLearningRate()) {
            config.setLrAndSchedule(now, null);
        }
        write(gradient, gradientArray);
        updater.applyUpdater(gradientArray, Math.toIntExact(updates), 0);
        if (now > 0) {
            step(round, now, theta);
        }
        updates++;
    }

    /** Takes the step that the updater has left in place of the gradient. */
    private void step(long round, double now, FlatVector theta) {
        read(gradientArray, step);
        if (!move(1 - now * decay, config.hasLearningRate() ? 1 : now, theta)) {
            throw new DivergedException("θ is not finite after the meta-optimizer's step in round " + round
                    + " at rate " + now + "; a smaller optimizer.learning-rate or optimizer.clip-norm may help");
        }
        theta.copyFrom(step, 0, 0, step.size());
    }

    /** Overwrites {@code step} with keep · θ - scale · step, and says whether every number of it is finite. */
    private boolean move(double keep, double scale, FlatVector theta) {
        if (step instanceof FlatVector.OfFloat floats) {
            return move((float) keep, (float) scale, floats.array(), ((FlatVector.OfFloat) theta).array());
        }
        return move(keep, scale, ((FlatVector.OfDouble) step).array(), ((FlatVector.OfDouble) theta).array());
    }

    /** Without decay θ is multiplied by 1, which changes no bit of it. */
    private static boolean move(float keep, float scale, float[] step, float[] theta) {
        boolean finite = true;
        for (int i = 0; i < step.length; i++) {
            step[i] = keep * theta[i] - scale * step[i];
            finite &= Math.abs(step[i]) <= Float.MAX_VALUE;
        }
        return finite;
    }

    private static boolean move(double keep, double scale, double[] step, double[] theta) {
        boolean finite = true;
        for (int i = 0; i < step.length; i++) {
            step[i] = keep * theta[i] - scale * step[i];
            finite &= Math.abs(step[i]) <= Double.MAX_VALUE;
        }
        return finite;
    }

    /** A copy of everything this optimizer remembers. */
    public OptimizerState state() {
        SortedMap<String, FlatVector> moments = new TreeMap<>();
        moments().forEach((name, array) -> {
            FlatVector copy = FlatVector.zeros(precision, step.size());
            read(array, copy);
            moments.put(name, copy);
        });
        return new OptimizerState(updates, moments);
    }

    /**
     * Takes up the work where the given state was taken.
     *
     * @throws IllegalArgumentException if the state belongs to another method, precision or size
     */
    public void restore(OptimizerState state) {
        Map<String, INDArray> mine = moments();
        if (!mine.keySet().equals(state.moments().keySet())) {
            throw new IllegalArgumentException(
                    "the optimizer's state holds " + state.moments().keySet() + ", but "
                            + config.getClass().getSimpleName() + " keeps " + mine.keySet());
        }
        state.moments().forEach((name, vector) -> {
            if (vector.precision() != precision || vector.size() != step.size()) {
                throw new IllegalArgumentException(
                        "the optimizer's state " + name + " is " + vector + ", but θ is " + step);
            }
            write(vector, Objects.requireNonNull(mine.get(name)));
        });
        updates = state.updates();
    }

    private SortedMap<String, INDArray> moments() {
        Map<String, INDArray> state = config.stateSize(1) == 0 ? Map.of() : updater.getState();
        return new TreeMap<>(state);
    }

    // Bulk copies between the heap and ND4J's memory; INDArray's own accessors go number by number.

    private static void write(FlatVector from, INDArray to) {
        if (from instanceof FlatVector.OfFloat floats) {
            new FloatPointer(to.data().addressPointer()).put(floats.array(), 0, floats.size());
        } else if (from instanceof FlatVector.OfDouble doubles) {
            new DoublePointer(to.data().addressPointer()).put(doubles.array(), 0, doubles.size());
        }
    }

    private static void read(INDArray from, FlatVector to) {
        if (to instanceof FlatVector.OfFloat floats) {
            new FloatPointer(from.data().addressPointer()).get(floats.array(), 0, floats.size());
        } else if (to instanceof FlatVector.OfDouble doubles) {
            new DoublePointer(from.data().addressPointer()).get(doubles.array(), 0, doubles.size());
        }
    }
}
