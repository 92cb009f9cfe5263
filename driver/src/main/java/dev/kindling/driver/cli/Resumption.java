package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.Differences;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.job.task.BadDataException;
import java.util.List;
import java.util.Optional;

/**
 * Going on with a run: from which checkpoint, and whether what is asked for is still the same run.
 *
 * @param configuration asked for
 * @param settings the same
 * @param from the newest whole checkpoint; empty where the run died before its first
 */
record Resumption(RunDirectory directory, Configuration configuration, Settings settings, Optional<Checkpoint> from) {
    /**
     * Looks at a run, which nobody else may be training.
     *
     * @throws IllegalArgumentException if another configuration is asked for
     * @throws BadDataException if its checkpoints are damaged
     */
    static Resumption of(RunDirectory directory, Configuration asked, Surroundings around) {
        Optional<Checkpoint> from = directory.checkpoints().newest(around::say);
        Settings settings = SettingsReader.read(asked, HadoopSettings.load());
        Resumption resumption = new Resumption(directory, asked, settings, from);
        resumption.refuseAnotherRun();
        return resumption;
    }

    private void refuseAnotherRun() {
        Configuration was = from.map(RunConfiguration::of).orElseGet(() -> RunConfiguration.own(directory, List.of()));
        Differences differences = Differences.between(was, configuration).forbidden();
        if (!settings.optimizer().rate().dependsOnRounds()) {
            differences = differences.butRounds();
        }
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException("the run in " + directory.folder()
                    + " cannot go on under another configuration: " + differences
                    + "; take back what differs, or begin a run in another folder");
        }
        if (rounds() > settings.run().rounds()) {
            throw new IllegalArgumentException("run.rounds is " + settings.run().rounds() + "; the run in "
                    + directory.folder() + " has " + rounds() + " rounds already; it must be at least " + rounds());
        }
    }

    /** How many rounds are done. */
    long rounds() {
        return from.map(checkpoint -> checkpoint.manifest().rounds()).orElse(0L);
    }

    /** Whether nothing is left to do. */
    boolean isFinished() {
        boolean exhausted = from.flatMap(checkpoint -> checkpoint.position().best())
                .filter(best -> settings.validation().isExhaustedBy(best.waited()))
                .isPresent();
        boolean outOfTime = from.filter(checkpoint ->
                        settings.run().isOverAfter(checkpoint.position().seconds()))
                .isPresent();
        return (exhausted || outOfTime || rounds() == settings.run().rounds())
                && directory.hasEvaluation()
                && StatusFile.stateIn(directory.folder())
                        .filter(RunStatus.State.DONE::equals)
                        .isPresent();
    }

    /**
     * Makes sure that the same is computed on the same data.
     *
     * @throws IllegalArgumentException if the programs are others
     * @throws BadDataException if the data is other data
     */
    void refuseOtherWork(Prepared prepared) {
        from.ifPresent(checkpoint -> {
            Provenance then = checkpoint.manifest().provenance();
            DataHash.refuseOther(then, prepared, directory.folder());
            if (!then.programHash().equals(prepared.plan().hash())) {
                throw new IllegalArgumentException("the run in " + directory.folder()
                        + " cannot go on: its program has the hash " + then.programHash() + ", made by Kindling "
                        + then.kindling() + " of commit " + then.commit() + "; this Kindling makes "
                        + prepared.plan().hash());
            }
        });
    }
}
