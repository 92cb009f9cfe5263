package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.List;

/**
 * How one entrant of a comparison did on each task, over its seeds. A task's number is the mean over the seeds, not finite
 * where it is not for one of them. A method without inner steps has the same number after any count of them.
 */
public final class EntrantScores {
    private final String name;
    private final List<PerTaskResults> seeds;

    /**
     * The scores of an entrant.
     *
     * @param seeds a table for each of its seeds, at least one, all of the same tasks and steps
     */
    public EntrantScores(String name, List<PerTaskResults> seeds) {
        this.name = name;
        this.seeds = List.copyOf(seeds);
        PerTaskResults first = seeds.get(0);
        for (PerTaskResults results : seeds) {
            if (results.tasks() != first.tasks() || results.steps() != first.steps()) {
                throw new IllegalArgumentException("the seeds of " + name + " have been evaluated differently");
            }
        }
    }

    public String name() {
        return name;
    }

    /** How many seeds. */
    public int seeds() {
        return seeds.size();
    }

    /** How many tasks. */
    public int tasks() {
        return first().tasks();
    }

    /** How many counts of inner steps, 0 included; 1 for a method without inner steps. */
    public int steps() {
        return first().steps();
    }

    /** Whether it has been measured so. */
    public boolean has(Measure measure) {
        return first().has(measure);
    }

    /** Milliseconds that a task took on one thread, its episode and all its steps: the mean over all. */
    public double milliseconds() {
        return seeds.stream()
                .flatMapToDouble(results -> Arrays.stream(results.allMilliseconds()))
                .average()
                .orElse(Double.NaN);
    }

    /** The tasks' numbers after so many steps. */
    public double[] ofTasks(Measure measure, int step) {
        double[] mean = new double[tasks()];
        for (PerTaskResults results : seeds) {
            double[] column = column(results, measure, step);
            for (int task = 0; task < mean.length; task++) {
                mean[task] += column[task] / seeds.size();
            }
        }
        return mean;
    }

    /** The means of the seeds, each over its finite tasks, after so many steps. */
    public double[] ofSeeds(Measure measure, int step) {
        return seeds.stream()
                .mapToDouble(
                        results -> Interval.of(column(results, measure, step)).mean())
                .toArray();
    }

    /** Statistics over the tasks after so many steps. */
    public Statistics statistics(Measure measure, int step) {
        return Statistics.of(ofTasks(measure, step), ofTasks(measure, 0), measure.better());
    }

    /** By how much this entrant's numbers are above another's, task by task. */
    public PairedDifference minus(EntrantScores other, Measure measure, int step) {
        return PairedDifference.of(ofTasks(measure, step), other.ofTasks(measure, step), measure.better());
    }

    /**
     * The same seed by seed, in the order in which both have them: the mean over seeds of the mean difference of a seed's
     * tasks, those left out on which one of the two is not finite, with the interval over seeds. NaN where the counts of seeds
     * differ or are one.
     */
    public Interval minusOverSeeds(EntrantScores other, Measure measure, int step) {
        if (seeds() != other.seeds()) {
            return new Interval(Double.NaN, Double.NaN);
        }
        double[] differences = new double[seeds()];
        Arrays.setAll(
                differences,
                seed -> PairedDifference.of(
                                column(seeds.get(seed), measure, step),
                                column(other.seeds.get(seed), measure, step),
                                measure.better())
                        .interval()
                        .mean());
        return Interval.of(differences);
    }

    private PerTaskResults first() {
        return seeds.get(0);
    }

    private static double[] column(PerTaskResults results, Measure measure, int step) {
        return results.column(measure.key(), Math.min(step, results.steps() - 1));
    }
}
