package dev.kindling.driver.evaluation;

import dev.kindling.job.tensor.Layout;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/** Each task of an evaluation by itself: its measures after each step, how long it took, and where it ran. */
public final class PerTaskResults {
    static final String LOSS = Measure.LOSS.key();
    static final String ACCURACY = Measure.ACCURACY.key();

    /** What a worker of one Spark task has behind its executor's name. */
    private static final Pattern ATTEMPT = Pattern.compile("\\.\\d+$");

    private static final double NANOS_OF_A_MILLISECOND = 1e6;

    private final Layout measures;
    private final double[] rows;
    private final long[] nanos;
    private final String[] workers;

    /**
     * A table of no task yet.
     *
     * @param measures what a task reports: {@code loss} and perhaps {@code accuracy}, a number for each step
     */
    PerTaskResults(int tasks, Layout measures) {
        this.measures = measures;
        this.rows = new double[Math.multiplyExact(tasks, measures.size())];
        this.nanos = new long[tasks];
        this.workers = new String[tasks];
    }

    /** Adds the tasks of one request, from the given one on. */
    void put(int from, double[] part, long[] partNanos, String[] partWorkers) {
        System.arraycopy(part, 0, rows, from * measures.size(), part.length);
        System.arraycopy(partNanos, 0, nanos, from, partNanos.length);
        System.arraycopy(partWorkers, 0, workers, from, partWorkers.length);
    }

    /** How many tasks. */
    public int tasks() {
        return nanos.length;
    }

    /** How many numbers of inner steps, 0 included. */
    public int steps() {
        return measures.shape(LOSS).size();
    }

    /** Whether the tasks were measured so. */
    boolean has(Measure measure) {
        return measures.has(measure.key());
    }

    /** The times of all tasks, as {@link #milliseconds}. */
    double[] allMilliseconds() {
        double[] all = new double[tasks()];
        Arrays.setAll(all, this::milliseconds);
        return all;
    }

    /** Mean loss on the query set; not finite where the task diverged. */
    public double loss(int task, int step) {
        return at(task, LOSS, step);
    }

    /** The share of the query set that is classified rightly; empty for regression. */
    public OptionalDouble accuracy(int task, int step) {
        return measures.has(ACCURACY) ? OptionalDouble.of(at(task, ACCURACY, step)) : OptionalDouble.empty();
    }

    /** Time of the whole task, its episode and all its steps. */
    public double milliseconds(int task) {
        return nanos[task] / NANOS_OF_A_MILLISECOND;
    }

    /** The name of the executor that ran it, as Spark has it; {@code local} without executors. */
    public String executor(int task) {
        return ATTEMPT.matcher(workers[task]).replaceFirst("");
    }

    /** One measure after one number of steps, of all tasks. */
    double[] column(String measure, int step) {
        double[] column = new double[tasks()];
        for (int task = 0; task < column.length; task++) {
            column[task] = at(task, measure, step);
        }
        return column;
    }

    private double at(int task, String measure, int step) {
        return rows[task * measures.size() + measures.offset(measure) + step];
    }
}
