package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.task.BadDataException;
import java.util.List;

/** The configuration that a command on an existing run works with. */
final class RunConfiguration {
    private RunConfiguration() {}

    /** What the options ask for: the run's own configuration where they name no job, with what they set. */
    static Configuration asked(CommonOptions options, RunDirectory directory) {
        return options.conf().map(options::configuration).orElseGet(() -> own(directory, options.set()));
    }

    /** The run's own, as its {@code config.conf} has it. */
    static Configuration own(RunDirectory directory, List<String> set) {
        String name = directory.folder().place("config.conf");
        String text = directory.configuration();
        try {
            SettingsReader.read(Configuration.parse(name, text, List.of()), HadoopSettings.load());
        } catch (IllegalArgumentException e) {
            throw new BadDataException(name + " is damaged: " + e.getMessage(), e);
        }
        return Configuration.parse(name, text, set);
    }

    /** That with which a checkpoint was made. */
    static Configuration of(Checkpoint checkpoint) {
        return Configuration.parse(
                checkpoint.theta().file() + "'s manifest",
                checkpoint.manifest().provenance().configuration().toString(),
                List.of());
    }
}
