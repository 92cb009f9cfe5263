package dev.kindling.driver.optimizer;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.optimizer.StepScalar;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * The meta-optimizer: updates the flat vector θ by the program of an update rule, given a round's meta-gradient. Not
 * thread-safe; lives on the driver.
 *
 * <p>The program is compiled for a part of θ that fits the processor's cache with all of its arrays, and run part by part, by
 * several threads of the JVM's common pool if θ is large. It is elementwise and every operation is rounded by itself, so
 * neither the parts, nor the threads, nor the backend change a bit.
 */
public final class MetaOptimizer {
    /** Elements of θ that are updated at once. */
    static final int PART = 1024;

    /** Number of parameters from which on several threads update θ; below, starting them takes longer than they save. */
    static final int PARALLEL_FROM = 100_000;

    /** Update programs have no loops, whose residuals the budget is for. */
    private static final long MEMORY = 1 << 20;

    private static final String REFERENCE = "reference";
    private static final String VECTOR = "vector";

    private final UpdateRule rule;
    private final OptimizerSettings settings;
    private final long rounds;
    private final Precision precision;
    private final Map<String, FlatVector> moments = new LinkedHashMap<>();
    /** The next θ, until it is known to be finite. */
    private final FlatVector next;
    /** The arrays of the program's inputs, of which θ and the gradient are set by each update. */
    private final List<FlatVector> arrays = new ArrayList<>();

    private final double[] scalars;
    private final List<Lane> lanes;
    private long updates;

    /**
     * An optimizer before its first update.
     *
     * @param rounds {@code run.rounds}, over which the learning rate is scheduled
     * @param parameters names and shapes of the arrays of θ
     * @param precision of θ and of the gradients
     * @param backend {@code backend.name}. The update runs on the processor of this JVM: by {@code vector}, or by {@code
     *     reference} if that is configured or the JVM lacks the Vector API
     * @throws IllegalArgumentException if a pattern of a parameter group matches no parameter
     */
    public MetaOptimizer(
            OptimizerSettings settings, long rounds, Layout parameters, Precision precision, String backend) {
        this.rule = settings.rule();
        this.settings = settings;
        this.rounds = rounds;
        this.precision = precision;
        int size = parameters.size();
        this.next = FlatVector.zeros(precision, size);
        this.scalars = new double[1 + rule.scalars().size()];
        UpdateProgram program = UpdateProgram.of(settings, parameters, precision);
        rule.moments().forEach(name -> moments.put(name, FlatVector.zeros(precision, size)));
        arrays.add(next);
        arrays.add(next);
        arrays.addAll(moments.values());
        arrays.addAll(program.parameterConstants().values());
        this.lanes = lanes(program, processorBackend(backend), size);
    }

    private static Backend processorBackend(String name) {
        if (name.equals(REFERENCE)) {
            return Backends.named(REFERENCE);
        }
        try {
            return Backends.named(VECTOR);
        } catch (BackendUnavailableException e) {
            return Backends.named(REFERENCE);
        }
    }

    private List<Lane> lanes(UpdateProgram program, Backend backend, int size) {
        CompileOptions options = new CompileOptions(precision, MEMORY);
        Executable whole = backend.compile(program.of(Math.min(size, PART)), options);
        Executable last = size <= PART || size % PART == 0 ? whole : backend.compile(program.of(size % PART), options);
        int parts = (size + PART - 1) / PART;
        int threads = size < PARALLEL_FROM ? 1 : Math.min(parts, ForkJoinPool.getCommonPoolParallelism() + 1);
        return IntStream.range(0, threads)
                .mapToObj(lane -> new Lane(parts, new Part(whole), new Part(last)))
                .toList();
    }

    /** The number of updates made. */
    public long updates() {
        return updates;
    }

    /**
     * Updates θ in place. At a learning rate of exactly 0, with which a warm-up may begin, the moments are updated and θ stays
     * bitwise the same.
     *
     * @param round 0-based; determines the learning rate
     * @param gradient of θ's length and precision; not modified
     * @throws DivergedException if the next θ would not be finite; θ is then unchanged
     */
    public void update(long round, FlatVector gradient, FlatVector theta) {
        double rate = settings.rate().at(round, rounds);
        scalars[0] = rate;
        for (int i = 1; i < scalars.length; i++) {
            StepScalar scalar = rule.scalars().get(i - 1);
            scalars[i] = scalar.at(settings.coefficients(), updates + 1);
        }
        arrays.set(0, theta);
        arrays.set(1, gradient);
        boolean finite = runParts();
        if (rate > 0) {
            if (!finite) {
                throw new DivergedException("θ is not finite after the meta-optimizer's step in round " + round
                        + " at rate " + rate + "; a smaller optimizer.learning-rate or optimizer.clip-norm may help");
            }
            theta.copyFrom(next, 0, 0, next.size());
        }
        updates++;
    }

    /** Computes the next θ and the next moments; returns whether every element of θ is finite. */
    private boolean runParts() {
        AtomicInteger taken = new AtomicInteger();
        if (lanes.size() == 1) {
            lanes.get(0).run(taken);
        } else {
            IntStream.range(0, lanes.size())
                    .parallel()
                    .forEach(lane -> lanes.get(lane).run(taken));
        }
        return lanes.stream().allMatch(lane -> lane.finite);
    }

    /** A copy of the state. */
    public OptimizerState state() {
        TreeMap<String, FlatVector> copies = new TreeMap<>();
        moments.forEach((name, moment) -> copies.put(name, moment.copy()));
        return new OptimizerState(updates, copies);
    }

    /**
     * Restores a state.
     *
     * @throws IllegalArgumentException if the state belongs to another rule, precision or size
     */
    public void restore(OptimizerState state) {
        if (!moments.keySet().equals(state.moments().keySet())) {
            throw new IllegalArgumentException("the optimizer's state holds "
                    + state.moments().keySet() + ", but " + settings.key() + " has "
                    + new TreeMap<>(moments).keySet());
        }
        state.moments().forEach((name, vector) -> {
            if (vector.precision() != precision || vector.size() != next.size()) {
                throw new IllegalArgumentException(
                        "the optimizer's state " + name + " is " + vector + ", but θ is " + next);
            }
        });
        state.moments()
                .forEach((name, moment) ->
                        Objects.requireNonNull(moments.get(name)).copyFrom(moment, 0, 0, moment.size()));
        updates = state.updates();
    }

    /** The work of one thread: updates parts of θ that no other thread has taken, until none is left. */
    private static final class Lane {
        private final int parts;
        private final Part whole;
        private final Part last;
        private boolean finite;

        Lane(int parts, Part whole, Part last) {
            this.parts = parts;
            this.whole = whole;
            this.last = last;
        }

        void run(AtomicInteger taken) {
            finite = true;
            for (int part = taken.getAndIncrement(); part < parts; part = taken.getAndIncrement()) {
                finite &= (part == parts - 1 ? last : whole).run(part * PART);
            }
        }
    }

    /** The buffers in which one thread updates a part of θ. */
    private final class Part {
        private final int size;
        private final Workspace workspace;
        private final FlatVector outputs;
        private final double[] check = new double[1];

        Part(Executable executable) {
            this.workspace = executable.workspace();
            this.outputs =
                    FlatVector.zeros(precision, executable.program().sums().size());
            this.size = outputs.size() / (1 + moments.size());
        }

        /** Updates the part that begins at an element; returns whether its next θ is finite. */
        boolean run(int begin) {
            workspace.run(1, (task, target, offset) -> write(begin, target, offset), outputs, check);
            next.copyFrom(outputs, 0, begin, size);
            int output = size;
            for (FlatVector moment : moments.values()) {
                moment.copyFrom(outputs, output, begin, size);
                output += size;
            }
            return check[0] == 0;
        }

        private void write(int begin, FlatVector target, int offset) {
            int at = offset;
            for (FlatVector array : arrays) {
                target.copyFrom(array, begin, at, size);
                at += size;
            }
            for (double scalar : scalars) {
                target.set(at++, scalar);
            }
        }
    }
}
