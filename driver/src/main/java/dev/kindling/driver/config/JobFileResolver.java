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
 * Resolves the names of job files, whichever machine the driver runs on. A name is a URI of a Hadoop file system, or a
 * path of the local file system, or the last part of the URI of a file that was submitted with the application, or the
 * name of a ready job in the application jar; the first that exists is used. An included name is resolved in the folder
 * of the including file first, and then in the same way.
 *
 * @param hadoop configures the Hadoop file systems
 * @param submitted URIs of the files that were submitted with the application
 */
public record JobFileResolver(Configuration hadoop, List<String> submitted) {
    private static final String READY_JOBS = "jobs/";

    /**
     * The text of a file and its location.
     *
     * @param place path or URI of the file, in whose folder included names are resolved first; null for a resource
     * @param identity identifies the file: the same for every name that resolves to it
     */
    record Found(String text, @Nullable String place, String identity) {}

    /** A resolver without submitted files. */
    public static JobFileResolver here() {
        return new JobFileResolver(new Configuration(), List.of());
    }

    /** Parses the named file with its includes; IllegalArgumentException if it or an included file does not exist. */
    Config parse(String name) {
        Found found = find(name)
                .orElseThrow(() -> new IllegalArgumentException("--conf is " + name
                        + "; it must be a file that exists, here or on a Hadoop file system, or the name of a ready job such as "
                        + "sinusoid-maml.conf"));
        return parse(name, found);
    }

    /**
     * Parses a file that another file names: of the folder of that file, or else as {@link #parse(String)} resolves it.
     *
     * @param namedIn the file that contains the name
     * @return empty if the file does not exist
     */
    Optional<Config> parse(String name, String namedIn) {
        @Nullable String place = find(namedIn).map(Found::place).orElse(null);
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

    /** Resolves a name that the file at {@code from} contains; {@code from} is null for a resource. */
    Optional<Found> include(String name, @Nullable String from) {
        Optional<Found> sibling = Optional.empty();
        if (from != null && !hasScheme(name)) {
            sibling = hasScheme(from)
                    ? onHadoop(new Path(new Path(from).getParent(), name).toString())
                    : local(path(from).resolveSibling(path(name)));
        }
        return sibling.or(() -> find(name));
    }

    static boolean hasScheme(String name) {
        return name.matches("[A-Za-z][A-Za-z0-9+.-]*:/.*");
    }

    /** The path of a name; IllegalArgumentException if no path has it, such as a name with a character of code 0. */
    private static java.nio.file.Path path(String name) {
        try {
            return java.nio.file.Path.of(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    PrintableText.line(name) + " cannot be the name of a file: " + e.getReason(), e);
        }
    }

    /** Reads a file of the local file system; empty if it does not exist. */
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

    /** Reads the text of a job file; IllegalArgumentException if it is too long or not UTF-8. */
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

    /** Parses the ready job of a name, whatever files of that name there are; IllegalArgumentException if there is none. */
    static Config readyJob(String name) {
        Found found = ready(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        name + " is no ready job; it must be the name of one, such as table.conf"));
        return here().parse(name, found);
    }

    /** Reads a resource of the class path by its full name; empty if it does not exist. */
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
