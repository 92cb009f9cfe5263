package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Finds the file of a job wherever the driver may run. A name is a URI of any Hadoop file system; or else a path here; or
 * the last part of one that was submitted with the application; or the name of a ready job, which the application jar
 * holds. What a file includes is looked for beside it first, and then in the same way.
 *
 * @param hadoop knows the file systems
 * @param submitted URIs of the files that were submitted with the application
 */
public record JobFiles(Configuration hadoop, List<String> submitted) {
    private static final String READY_JOBS = "jobs/";

    /** A text, and where it was found; a ready job is nowhere. */
    private record Found(String text, @Nullable String place) {}

    /** Nothing was submitted. */
    public static JobFiles here() {
        return new JobFiles(new Configuration(), List.of());
    }

    /** The file of the given name, includes in place; IllegalArgumentException if it, or an include, is nowhere. */
    Config parse(String name) {
        Found found = find(name)
                .orElseThrow(() -> new IllegalArgumentException("--conf is " + name
                        + "; it must be a file that exists, here or on a Hadoop file system, or the name of a ready job such as "
                        + "sinusoid-maml.conf"));
        return parse(name, found);
    }

    /**
     * The file of a name that stands in another file: beside that, or found as {@link #parse(String)} finds it.
     *
     * @return empty where it is nowhere
     */
    Optional<Config> parse(String name, String standsIn) {
        @Nullable String place = find(standsIn).map(Found::place).orElse(null);
        return include(name, place).map(found -> parse(name, found));
    }

    private Config parse(String name, Found found) {
        ConfigParseOptions options = ConfigParseOptions.defaults()
                .setOriginDescription(name)
                .setIncluder(new Includer(this, name, found.place()));
        return ConfigFactory.parseString(found.text(), options);
    }

    private Optional<Found> find(String name) {
        if (hasScheme(name)) {
            return onHadoop(name);
        }
        return local(java.nio.file.Path.of(name)).or(() -> amongSubmitted(name)).or(() -> ready(name));
    }

    private Optional<Found> include(String name, @Nullable String from) {
        Optional<Found> beside = Optional.empty();
        if (from != null && !hasScheme(name)) {
            beside = hasScheme(from)
                    ? onHadoop(new Path(new Path(from).getParent(), name).toString())
                    : local(java.nio.file.Path.of(from).resolveSibling(name));
        }
        return beside.or(() -> find(name));
    }

    private static boolean hasScheme(String name) {
        return name.matches("[A-Za-z][A-Za-z0-9+.-]*:/.*");
    }

    private static Optional<Found> local(java.nio.file.Path file) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Found(Files.readString(file), file.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private Optional<Found> onHadoop(String uri) {
        Path path = new Path(uri);
        try (InputStream in = path.getFileSystem(hadoop).open(path)) {
            return Optional.of(new Found(new String(in.readAllBytes(), StandardCharsets.UTF_8), uri));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new IllegalArgumentException("--conf needs " + uri + ", which cannot be read: " + line, e);
        }
    }

    private Optional<Found> amongSubmitted(String name) {
        return submitted.stream()
                .filter(uri -> lastPart(uri).equals(lastPart(name)))
                .findFirst()
                .flatMap(uri -> hasScheme(uri) ? onHadoop(uri) : local(java.nio.file.Path.of(uri)));
    }

    private static String lastPart(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static Optional<Found> ready(String name) {
        if (!name.equals(lastPart(name))) {
            return Optional.empty();
        }
        try (InputStream in = JobFiles.class.getResourceAsStream(READY_JOBS + name)) {
            return Optional.ofNullable(
                    in == null ? null : new Found(new String(in.readAllBytes(), StandardCharsets.UTF_8), null));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the ready job " + name + ": " + e.getMessage(), e);
        }
    }

    /** What {@code include "name"} means in one file. */
    private record Includer(
            JobFiles files, String name, @Nullable String place) implements ConfigIncluder {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            // HOCON would leave out silently what it does not find.
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            Found found = files.include(what, place)
                    .orElseThrow(() -> new IllegalArgumentException(
                            name + " includes " + what + "; it must be a file beside it, or the name of a ready job"));
            return files.parse(what, found).root();
        }
    }
}
