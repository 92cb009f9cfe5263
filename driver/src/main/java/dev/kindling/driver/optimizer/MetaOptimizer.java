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
 * The meta-optimizer: applies one of ND4J's updaters to the flat vector θ, given a round's meta-gradient. All arithmetic is
 * elementwise and in θ's precision, so the result does not depend on ND4J's threads. Not thread-safe; lives on the driver.
 *
 * <p>ND4J's Adam is the second form of Kingma and Ba (2015, end of section 2), in which the bias corrections enter the
 * learning rate and ε is added to the uncorrected root; with t = 1, 2, ... counting updates,
 *
 * <pre>
 * m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
 * θ ← θ - α √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
 * </pre>
 *
 * <p>so its ε corresponds to ε / √(1 - β₂ᵗ) in the first form, which PyTorch and Optax compute: 31.6 times as much in the
 * first update, the same in the long run. With ε = 1e-8 that affects only parameters whose gradient is below 1e-6.
 *
 * <p>AdamW (Loshchilov and Hutter 2019, algorithm 2), which ND4J lacks, is the same step from a decayed θ: with the scheduled
 * learning rate α and the decay λ, θ ← (1 - α λ) θ - the step of Adam. The decay does not enter the moments.
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
     * An optimizer before its first update.
     *
     * @param rounds {@code run.rounds}, over which the learning rate is scheduled
     * @param precision of θ and of the gradients
     * @param size number of parameters
     */
    public MetaOptimizer(OptimizerSettings settings, long rounds, Precision precision, int size) {
        // ND4J runs elementwise loops of more than 1024 elements on several threads that synchronise: if other work
        // occupies
        // the cores, a step of 5,000 parameters then takes milliseconds instead of 50 µs.
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

    /** The number of updates made. */
    public long updates() {
        return updates;
    }

    /**
     * Updates θ in place. At a learning rate of exactly 0, with which a warm-up may begin, the moments are updated and θ stays
     * bitwise the same: ND4J's Adam replaces a rate of 0 by a tiny number.
     *
     * @param round 0-based; determines the learning rate
     * @param gradient of θ's length and precision; not modified
     * @throws DivergedException if the next θ would not be finite; θ is then unchanged
     */
    public void update(long round, FlatVector gradient, FlatVector theta) {
        double currentRate = rate.at(round, rounds);
        if (config.hasLearningRate()) {
            config.setLrAndSchedule(currentRate, null);
        }
        write(gradient, gradientArray);
        updater.applyUpdater(gradientArray, Math.toIntExact(updates), 0);
        if (currentRate > 0) {
            step(round, currentRate, theta);
        }
        updates++;
    }

    /** Applies the step, which the updater wrote over the gradient. */
    private void step(long round, double currentRate, FlatVector theta) {
        read(gradientArray, step);
        if (!move(1 - currentRate * decay, config.hasLearningRate() ? 1 : currentRate, theta)) {
            throw new DivergedException(
                    "θ is not finite after the meta-optimizer's step in round " + round + " at rate " + currentRate
                            + "; a smaller optimizer.learning-rate or optimizer.clip-norm may help");
        }
        theta.copyFrom(step, 0, 0, step.size());
    }

    /** Overwrites {@code step} with retained · θ - scale · step; returns whether every element is finite. */
    private boolean move(double retained, double scale, FlatVector theta) {
        if (step instanceof FlatVector.OfFloat floats) {
            return move((float) retained, (float) scale, floats.array(), ((FlatVector.OfFloat) theta).array());
        }
        return move(retained, scale, ((FlatVector.OfDouble) step).array(), ((FlatVector.OfDouble) theta).array());
    }

    /** Without decay θ is multiplied by 1, which is exact. */
    private static boolean move(float retained, float scale, float[] step, float[] theta) {
        boolean finite = true;
        for (int i = 0; i < step.length; i++) {
            step[i] = retained * theta[i] - scale * step[i];
            finite &= Math.abs(step[i]) <= Float.MAX_VALUE;
        }
        return finite;
    }

    private static boolean move(double retained, double scale, double[] step, double[] theta) {
        boolean finite = true;
        for (int i = 0; i < step.length; i++) {
            step[i] = retained * theta[i] - scale * step[i];
            finite &= Math.abs(step[i]) <= Double.MAX_VALUE;
        }
        return finite;
    }

    /** A copy of the state. */
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
     * Restores a state.
     *
     * @throws IllegalArgumentException if the state belongs to another type, precision or size
     */
    public void restore(OptimizerState state) {
        Map<String, INDArray> own = moments();
        if (!own.keySet().equals(state.moments().keySet())) {
            throw new IllegalArgumentException("the optimizer's state holds "
                    + state.moments().keySet() + ", but " + config.getClass().getSimpleName() + " has " + own.keySet());
        }
        state.moments().forEach((name, vector) -> {
            if (vector.precision() != precision || vector.size() != step.size()) {
                throw new IllegalArgumentException(
                        "the optimizer's state " + name + " is " + vector + ", but θ is " + step);
            }
            write(vector, Objects.requireNonNull(own.get(name)));
        });
        updates = state.updates();
    }

    private SortedMap<String, INDArray> moments() {
        Map<String, INDArray> state = config.stateSize(1) == 0 ? Map.of() : updater.getState();
        return new TreeMap<>(state);
    }

    // Bulk copies between the heap and ND4J's memory; INDArray's own accessors copy element by element.

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
