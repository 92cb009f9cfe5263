package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.ConfigDiff;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.job.error.BadDataException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Plans the resumption of a run: selects the checkpoint, and refuses a configuration, program or data that differ from
 * the run's.
 *
 * @param configuration the requested configuration
 * @param settings the settings of that configuration
 * @param from the newest complete checkpoint; empty if the run ended before its first
 */
public record ResumePlan(
        RunDirectory directory, JobConfig configuration, Settings settings, Optional<Checkpoint> from) {
    /**
     * Reads the newest checkpoint of a run, whose lock the caller must hold.
     *
     * @param requested the requested configuration
     * @throws IllegalArgumentException if the requested configuration differs in a key that a resumption may not change
     * @throws BadDataException if the checkpoints are damaged
     */
    public static ResumePlan of(RunDirectory directory, JobConfig requested, RunContext context) {
        Optional<Checkpoint> from = directory.checkpoints().newest(context::message);
        JobConfig was =
                from.map(StoredConfiguration::of).orElseGet(() -> StoredConfiguration.load(directory, List.of()));
        // The request may be the one that the run was begun with, before its table was found to be small.
        JobConfig effective = was.shown("run.rounds").equals("0") ? ResolvedRun.startOnly(requested) : requested;
        Settings settings = SettingsReader.read(effective, HadoopSettings.load());
        ResumePlan resumePlan = new ResumePlan(directory, effective, settings, from);
        resumePlan.refuseAnotherRun(was);
        return resumePlan;
    }

    private void refuseAnotherRun(JobConfig was) {
        ConfigDiff diff = ConfigDiff.between(was, configuration).forbidden();
        if (!settings.optimizer().rate().dependsOnRounds()) {
            diff = diff.withoutRunLength();
        }
        if (!diff.isEmpty()) {
            throw new IllegalArgumentException("the run in " + directory.folder()
                    + " cannot be resumed with another configuration: " + diff
                    + "; undo these changes, or begin a run in another folder");
        }
        if (rounds() > settings.run().rounds()) {
            throw new IllegalArgumentException("run.rounds is " + settings.run().rounds() + "; the run in "
                    + directory.folder() + " has " + rounds() + " rounds already; it must be at least " + rounds());
        }
    }

    /** The number of completed rounds. */
    public long rounds() {
        return from.map(checkpoint -> checkpoint.manifest().rounds()).orElse(0L);
    }

    /** Whether the run is trained and, unless {@code evaluation.tasks} is 0, evaluated. */
    public boolean isFinished() {
        boolean exhausted = from
                .map(checkpoint -> checkpoint.progress().validationsWithoutImprovement())
                .orElse(OptionalInt.empty())
                .stream()
                .anyMatch(settings.validation()::isExhaustedBy);
        boolean outOfTime = from.filter(checkpoint ->
                        settings.run().isOverAfter(checkpoint.progress().seconds()))
                .isPresent();
        return (exhausted || outOfTime || rounds() == settings.run().rounds())
                && (directory.hasEvaluation() || !settings.evaluation().isOn())
                && StatusFile.stateIn(directory.folder())
                        .filter(RunStatus.State.DONE::equals)
                        .isPresent();
    }

    /**
     * Refuses programs or data that differ from the checkpoint's.
     *
     * @throws IllegalArgumentException if the hash of the programs differs
     * @throws BadDataException if the hash of the data differs
     */
    public void refuseOtherWork(ResolvedRun resolved) {
        from.ifPresent(checkpoint -> {
            Provenance then = checkpoint.manifest().provenance();
            DataHashCheck.refuseOther(then, resolved, directory.folder());
            if (!then.programHash().equals(resolved.plan().hash())) {
                throw new IllegalArgumentException("the run in " + directory.folder()
                        + " cannot be resumed: its program has the hash " + then.programHash() + ", made by Kindling "
                        + then.kindling() + " of commit " + then.commit() + "; this Kindling makes "
                        + resolved.plan().hash());
            }
        });
    }
}
