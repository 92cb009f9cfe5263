package dev.kindling.driver.check;

import dev.kindling.driver.check.reference.ReferenceMethod;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.algorithm.Algorithm;
import java.util.List;

/**
 * A configured method and its reference.
 *
 * @param algorithm under test
 * @param reference the same method computed step by step
 */
record Methods(Algorithm algorithm, ReferenceMethod reference) {
    /** The method of a name, with settings that override {@code reference.conf}. */
    static Methods named(String name, List<String> settings) {
        JobConfig configuration =
                JobConfig.parse("a test", "task.source = sinusoid, algorithm.name = " + name, settings);
        Settings read = SettingsReader.read(configuration, new org.apache.hadoop.conf.Configuration());
        return new Methods(read.plan().algorithm(), read.reference().orElseThrow());
    }
}
