package dev.kindling.driver.config;

import java.util.List;

/** Describes one entrant of a comparison: a job to train, or a finished run. */
public sealed interface EntrantConfig {
    /** The name of the entrant, unique within the comparison; names of folders contain it. */
    String name();

    /**
     * A job that the comparison trains.
     *
     * @param job name of the job, as the comparison file has it
     * @param configuration of the job, with all overrides applied
     */
    record OfJob(String name, String job, JobConfig configuration) implements EntrantConfig {}

    /**
     * A finished run, which the comparison only evaluates.
     *
     * @param run folder of the run
     * @param set overrides for its evaluation, {@code key=value} each
     */
    record OfRun(String name, String run, List<String> set) implements EntrantConfig {
        public OfRun {
            set = List.copyOf(set);
        }
    }
}
