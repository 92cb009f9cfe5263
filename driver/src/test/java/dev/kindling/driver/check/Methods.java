package dev.kindling.driver.check;

import dev.kindling.driver.check.reference.ReferenceMethod;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.algorithm.Algorithm;
import java.util.List;

/**
 * A method as it is configured, and the same step by step.
 *
 * @param algorithm what is under test
 * @param reference what it is held against
 */
record Methods(Algorithm algorithm, ReferenceMethod reference) {
    /** The method of a name with settings over the reference configuration. */
    static Methods named(String name, List<String> settings) {
        JobConfig configuration =
                JobConfig.parse("a test", "task.source = sinusoid, algorithm.name = " + name, settings);
        Settings read = SettingsReader.read(configuration, new org.apache.hadoop.conf.Configuration());
        return new Methods(read.plan().algorithm(), read.reference().orElseThrow());
    }
}
