package dev.kindling.ml;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Checks that the class path of a session has Kindling in one version. */
final class InstalledVersion {
    /** Version and commit of a build, in every jar of Kindling. */
    private static final String RESOURCE = "dev/kindling/driver/checkpoint/build.properties";

    private InstalledVersion() {}

    /**
     * Refuses a class path with several versions, whose classes would be mixed. The same version in two places is harmless.
     *
     * @throws IllegalStateException if there are several
     */
    static void requireOne(ClassLoader loader) {
        Map<String, String> places = new TreeMap<>();
        try {
            for (URL url : Collections.list(loader.getResources(RESOURCE))) {
                try (InputStream in = url.openStream()) {
                    String build = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    places.putIfAbsent(build, url.toString().replace(RESOURCE, ""));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the class path cannot be read: " + e.getMessage(), e);
        }
        if (places.size() > 1) {
            throw new IllegalStateException("Kindling is on the class path in several versions: "
                    + String.join(" and ", places.values()) + "; only one may be, as by spark.jars");
        }
    }
}
