package dev.kindling.driver.config;

import java.util.List;

/** One of those that a comparison compares. */
public sealed interface EntrantConfig {
    /** What the comparison calls it: a part of folders' names. */
    String name();

    /**
     * A job that the comparison trains.
     *
     * @param job its name, as the comparison writes it
     * @param configuration with everything that overrides it
     */
    record OfJob(String name, String job, JobConfig configuration) implements EntrantConfig {}

    /**
     * A run that has been trained elsewhere.
     *
     * @param run its folder
     * @param set how it is to be evaluated, {@code key=value} each
     */
    record OfRun(String name, String run, List<String> set) implements EntrantConfig {
        public OfRun {
            set = List.copyOf(set);
        }
    }
}
