package dev.kindling.driver.evaluation;

import dev.kindling.job.tensor.Layout;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.DoublePredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The per-task results of an evaluation: measures after each inner step, execution time, and executor. */
public final class PerTaskResults {
    static final String LOSS = Measure.LOSS.key();
    static final String ACCURACY = Measure.ACCURACY.key();

    /** The suffix of a worker's name that follows the executor's name. */
    private static final Pattern WORKER_SUFFIX = Pattern.compile("\\.\\d+$");

    private static final double NANOS_PER_MILLISECOND = 1e6;

    private final Layout measures;
    private final double[] perTaskOutputs;
    private final long[] nanos;
    private final String[] workers;
    private final int[] queries;
    private @Nullable String[] names = new String[0];

    /**
     * Results without values yet.
     *
     * @param measures per-task outputs: {@code loss} and, for classification, {@code accuracy}, a value for each step
     */
    PerTaskResults(int tasks, Layout measures) {
        this.measures = measures;
        this.perTaskOutputs = new double[Math.multiplyExact(tasks, measures.size())];
        this.nanos = new long[tasks];
        this.workers = new String[tasks];
        this.queries = new int[tasks];
    }

    /** Sets the results of consecutive tasks, beginning at the given index. */
    void put(int from, double[] part, long[] partNanos, String[] partWorkers) {
        System.arraycopy(part, 0, perTaskOutputs, from * measures.size(), part.length);
        System.arraycopy(partNanos, 0, nanos, from, partNanos.length);
        System.arraycopy(partWorkers, 0, workers, from, partWorkers.length);
    }

    /** Sets the name of a task, and the number of examples of its query set. */
    void name(int task, String name, int querySize) {
        if (names.length == 0) {
            names = new String[tasks()];
        }
        names[task] = name;
        queries[task] = querySize;
    }

    /** The name of a task, such as the key of its group; empty if tasks have none. */
    public Optional<String> name(int task) {
        return names.length == 0 ? Optional.empty() : Optional.ofNullable(names[task]);
    }

    /**
     * The root of the mean squared error over the query examples of all tasks; empty if tasks have no names.
     *
     * @param scale the factor from an error of a target to one in the units of the data
     */
    OptionalDouble rmse(int step, double scale) {
        return meanLoss(step, loss -> true).stream()
                .map(squares -> scale * StrictMath.sqrt(squares))
                .findFirst();
    }

    /** The mean loss of the query examples of all tasks together whose loss is finite; empty without names. */
    OptionalDouble lossOverRows(int step) {
        return meanLoss(step, Double::isFinite);
    }

    private OptionalDouble meanLoss(int step, DoublePredicate counts) {
        if (names.length == 0) {
            return OptionalDouble.empty();
        }
        double sum = 0;
        long examples = 0;
        for (int task = 0; task < tasks(); task++) {
            double loss = loss(task, step);
            if (counts.test(loss)) {
                sum += queries[task] * loss;
                examples += queries[task];
            }
        }
        return OptionalDouble.of(sum / examples);
    }

    /** The number of tasks. */
    public int tasks() {
        return nanos.length;
    }

    /** The number of measurements: after 0, 1, ... inner steps. */
    public int steps() {
        return measures.shape(LOSS).size();
    }

    /** Whether the results have this measure. */
    boolean has(Measure measure) {
        return measures.has(measure.key());
    }

    /** The execution times of all tasks, as {@link #milliseconds}. */
    double[] allMilliseconds() {
        double[] all = new double[tasks()];
        Arrays.setAll(all, this::milliseconds);
        return all;
    }

    /** Mean loss on the query set; not finite where the task diverged. */
    public double loss(int task, int step) {
        return at(task, LOSS, step);
    }

    /** Fraction of the query set that is classified correctly; empty for regression. */
    public OptionalDouble accuracy(int task, int step) {
        return measures.has(ACCURACY) ? OptionalDouble.of(at(task, ACCURACY, step)) : OptionalDouble.empty();
    }

    /** Execution time of the task, including its episode and all its steps. */
    public double milliseconds(int task) {
        return nanos[task] / NANOS_PER_MILLISECOND;
    }

    /** Spark's id of the executor that ran the task; {@code local} without executors. */
    public String executor(int task) {
        return WORKER_SUFFIX.matcher(workers[task]).replaceFirst("");
    }

    /** A measure of all tasks after one number of inner steps. */
    double[] column(String measure, int step) {
        double[] column = new double[tasks()];
        for (int task = 0; task < column.length; task++) {
            column[task] = at(task, measure, step);
        }
        return column;
    }

    private double at(int task, String measure, int step) {
        return perTaskOutputs[task * measures.size() + measures.offset(measure) + step];
    }
}
