package dev.kindling.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * The provenance of an artifact: configuration, versions and hashes that determine its bits.
 *
 * @param configuration the resolved configuration, every key
 * @param seed {@code run.seed}
 * @param kindling version of Kindling
 * @param commit of its sources, with the suffix {@code -dirty} if they were modified; "unknown" for a build without git
 * @param programHash hash of the task program
 * @param dataHash hash of the data, or "generated"
 * @param backend name of the backend
 * @param java version and vendor of the driver's Java
 * @param os name and version of the driver's operating system
 * @param architecture of the driver's processor
 */
public record Provenance(
        JsonNode configuration,
        long seed,
        String kindling,
        String commit,
        String programHash,
        String dataHash,
        String backend,
        String java,
        String os,
        String architecture) {

    /**
     * The provenance of what this JVM computes.
     *
     * @param configuration the resolved configuration as a JSON object; IllegalArgumentException if it is not JSON
     */
    public static Provenance here(
            String configuration, long seed, String programHash, String dataHash, String backend) {
        Properties build = build();
        return new Provenance(
                json(configuration),
                seed,
                build.getProperty("version", "unknown"),
                build.getProperty("commit", "unknown"),
                programHash,
                dataHash,
                backend,
                System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("os.arch"));
    }

    private static JsonNode json(String configuration) {
        try {
            return new ObjectMapper().readTree(configuration);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the configuration of a manifest must be JSON", e);
        }
    }

    private static Properties build() {
        Properties build = new Properties();
        try (InputStream in = Provenance.class.getResourceAsStream("build.properties")) {
            if (in != null) {
                build.load(in);
            }
            return build;
        } catch (IOException e) {
            throw new UncheckedIOException("build.properties cannot be read", e);
        }
    }
}
