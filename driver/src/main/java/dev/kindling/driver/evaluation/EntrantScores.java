package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.List;

/**
 * The scores of one entrant of a comparison on each task, averaged over its seeds. A task's score is not finite if it is not
 * finite for one of the seeds. A method without inner steps has the same score after any number of steps.
 */
public final class EntrantScores {
    private final String name;
    private final List<PerTaskResults> seeds;

    /**
     * The scores of an entrant.
     *
     * @param seeds the results of each seed, at least one, all of the same tasks and steps
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

    /** The number of seeds. */
    public int seeds() {
        return seeds.size();
    }

    /** The number of tasks. */
    public int tasks() {
        return first().tasks();
    }

    /** The number of measurements, after 0, 1, ... inner steps; 1 for a method without inner steps. */
    public int steps() {
        return first().steps();
    }

    /** Whether the entrant has this measure. */
    public boolean has(Measure measure) {
        return first().has(measure);
    }

    /** Mean time of a task on one thread in milliseconds, including its episode and all its steps. */
    public double milliseconds() {
        return seeds.stream()
                .flatMapToDouble(results -> Arrays.stream(results.allMilliseconds()))
                .average()
                .orElse(Double.NaN);
    }

    /** The scores of the tasks after the given number of inner steps. */
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

    /** The mean of each seed over its finite tasks, after the given number of inner steps. */
    public double[] ofSeeds(Measure measure, int step) {
        return seeds.stream()
                .mapToDouble(
                        results -> Interval.of(column(results, measure, step)).mean())
                .toArray();
    }

    /** Statistics over the tasks after the given number of inner steps. */
    public Statistics statistics(Measure measure, int step) {
        return Statistics.of(ofTasks(measure, step), ofTasks(measure, 0), measure.better());
    }

    /** The difference to another entrant's scores, task by task. */
    public PairedDifference minus(EntrantScores other, Measure measure, int step) {
        return PairedDifference.of(ofTasks(measure, step), other.ofTasks(measure, step), measure.better());
    }

    /**
     * The difference paired by seed, in the order in which both entrants have them: the mean over seeds of the mean difference
     * over a seed's tasks, without tasks on which one of the two is not finite, with the interval over seeds. NaN if the
     * numbers of seeds differ or are 1.
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
