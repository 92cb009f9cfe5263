package dev.kindling.driver.config;

import com.typesafe.config.Config;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.RegularFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
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
public record JobFileResolver(Configuration hadoop, List<String> submitted) {
    private static final String READY_JOBS = "jobs/";

    /**
     * A text, and where it was found.
     *
     * @param place where names that stand in it are looked for first; a ready job is nowhere
     * @param identity the same for the same file, however it is named
     */
    record Found(String text, @Nullable String place, String identity) {}

    /** Nothing was submitted. */
    public static JobFileResolver here() {
        return new JobFileResolver(new Configuration(), List.of());
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
        return new JobIncludes(this, name, found).parse();
    }

    private Optional<Found> find(String name) {
        if (hasScheme(name)) {
            return onHadoop(name);
        }
        return local(path(name)).or(() -> amongSubmitted(name)).or(() -> ready(name));
    }

    /** The file that a name means which stands in the file at a place. */
    Optional<Found> include(String name, @Nullable String from) {
        Optional<Found> beside = Optional.empty();
        if (from != null && !hasScheme(name)) {
            beside = hasScheme(from)
                    ? onHadoop(new Path(new Path(from).getParent(), name).toString())
                    : local(path(from).resolveSibling(path(name)));
        }
        return beside.or(() -> find(name));
    }

    static boolean hasScheme(String name) {
        return name.matches("[A-Za-z][A-Za-z0-9+.-]*:/.*");
    }

    /** The path of a name; IllegalArgumentException if none can have it, as one with a character of code 0. */
    private static java.nio.file.Path path(String name) {
        try {
            return java.nio.file.Path.of(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    PrintableText.line(name) + " cannot be the name of a file: " + e.getReason(), e);
        }
    }

    /** A file of this machine; empty where there is none. */
    static Optional<Found> local(java.nio.file.Path file) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(new Found(text(in, file.toString()), file.toString(), "file:" + file.toRealPath()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private Optional<Found> onHadoop(String uri) {
        Path path = new Path(uri);
        RegularFiles.refuseSpecial("--conf", path);
        try (InputStream in = path.getFileSystem(hadoop).open(path)) {
            return Optional.of(new Found(text(in, uri), uri, uri));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new IllegalArgumentException("--conf needs " + uri + ", which cannot be read: " + line, e);
        }
    }

    /** Reads a file of a job; IllegalArgumentException if it is too long or not UTF-8. */
    private static String text(InputStream in, String place) throws IOException {
        byte[] bytes = in.readNBytes(Hocon.LARGEST_JOB + 1);
        if (bytes.length > Hocon.LARGEST_JOB) {
            throw new IllegalArgumentException(
                    place + " is longer than " + Hocon.LARGEST_JOB + " bytes; a job may have " + Hocon.LARGEST_JOB);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(place + " is not text in UTF-8, as HOCON must be", e);
        }
    }

    private Optional<Found> amongSubmitted(String name) {
        return submitted.stream()
                .filter(uri -> lastPart(uri).equals(lastPart(name)))
                .findFirst()
                .flatMap(uri -> hasScheme(uri) ? onHadoop(uri) : local(path(uri)));
    }

    private static String lastPart(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static Optional<Found> ready(String name) {
        return name.equals(lastPart(name))
                ? resource(JobFileResolver.class.getResourceAsStream(READY_JOBS + name), name)
                : Optional.empty();
    }

    /** A resource of the class path by its whole name; empty where there is none. */
    static Optional<Found> resource(String name) {
        return resource(JobFileResolver.class.getResourceAsStream("/" + name), name);
    }

    private static Optional<Found> resource(@Nullable InputStream resource, String name) {
        try (InputStream in = resource) {
            return Optional.ofNullable(in == null ? null : new Found(text(in, name), null, "resource:" + name));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the resource " + name + ": " + e.getMessage(), e);
        }
    }
}
