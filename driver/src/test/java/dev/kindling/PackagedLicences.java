package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** Tests the licence files of the built package; run after packaging, in {@code verify}. */
class PackagedLicences {
    private static final Path TARGET = Path.of("target");
    private static final Path APPLICATION = TARGET.resolve("kindling");
    private static final String LIST = "THIRD-PARTY.txt";

    /** A line of the list: an artifact and its licences. */
    private record Listed(String artifact, String version, String licences) {
        static Optional<Listed> of(String line) {
            String[] parts = line.split("[: ]", 4);
            int end = line.lastIndexOf(')');
            return parts.length == 4 && line.indexOf(':') < line.indexOf('(')
                    ? Optional.of(new Listed(parts[1], parts[2], line.substring(line.indexOf('(') + 1, end)))
                    : Optional.empty();
        }

        /** Whether a jar is of this artifact, by its name; a classifier may follow the version. */
        boolean names(String jar) {
            String begin = artifact + "-" + version;
            return jar.equals(begin + ".jar") || jar.startsWith(begin + "-");
        }
    }

    @Test
    void theJarAndTheFolderHoldTheLicenceAndTheNotice() throws IOException {
        for (String name : List.of("LICENSE", "NOTICE")) {
            byte[] own = Files.readAllBytes(Path.of("..", name));
            assertThat(inJar("META-INF/" + name)).hasValue(own);
            assertThat(APPLICATION.resolve(name)).hasBinaryContent(own);
        }
        assertThat(inJar("META-INF/" + LIST)).hasValue(Files.readAllBytes(APPLICATION.resolve(LIST)));
    }

    @Test
    void everyJarOfThePackageIsListedWithALicence() {
        List<Listed> listed = listed();
        Set<String> jars = jars(TARGET.resolve("runtime"));
        jars.addAll(jars(APPLICATION.resolve("driver-libs")));
        jars.addAll(jars(APPLICATION.resolve("spark/jars")));
        jars.removeIf(jar -> jar.startsWith("kindling-"));
        assertThat(jars)
                .hasSizeGreaterThan(100)
                .allSatisfy(jar -> assertThat(listed)
                        .filteredOn(line -> line.names(jar))
                        .singleElement()
                        .satisfies(line ->
                                assertThat(line.licences()).isNotBlank().doesNotContainIgnoringCase("unknown")));
    }

    @Test
    void librariesInTheApplicationJarHaveTheirLicenceText() {
        assertThat(bundled()).hasSizeGreaterThan(10).allSatisfy(jar -> {
            Listed listed = listed().stream()
                    .filter(line -> line.names(jar))
                    .findFirst()
                    .orElseThrow();
            for (String text : List.of("LICENSE", "NOTICE")) {
                String place = "licenses/" + listed.artifact() + "/" + text;
                Optional<byte[]> theirs = entry(TARGET.resolve("runtime").resolve(jar), "META-INF/" + text);
                if (theirs.isPresent()) {
                    assertThat(inJar("META-INF/" + place)).hasValue(theirs.get());
                    assertThat(APPLICATION.resolve(place)).hasBinaryContent(theirs.get());
                } else if (text.equals("LICENSE") && !listed.licences().equals("Apache-2.0")) {
                    assertThat(inJar("META-INF/" + place)).as(place).isPresent();
                    assertThat(APPLICATION.resolve(place)).isNotEmptyFile();
                }
            }
        });
    }

    /** A line of the notice begins with an artifact, its licence and its owner, each after two spaces or more. */
    @Test
    void theNoticeNamesEveryLibraryInTheApplicationJarAndNoOther() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String line : Files.readAllLines(APPLICATION.resolve("NOTICE"), StandardCharsets.UTF_8)) {
            String[] columns = line.strip().split(" {2,}", -1);
            if (line.startsWith("  ") && columns.length == 3) {
                named.add(columns[0]);
            }
        }
        Set<String> bundled = new TreeSet<>();
        bundled().forEach(jar -> bundled.add(jar.replaceFirst("-[0-9][0-9.]*\\.jar$", "")));
        assertThat(named).isEqualTo(bundled);
    }

    /** The jars of libraries that are compiled into the application jar. */
    private static Set<String> bundled() {
        Set<String> bundled = jars(TARGET.resolve("runtime"));
        bundled.removeAll(jars(APPLICATION.resolve("driver-libs")));
        bundled.removeAll(jars(APPLICATION.resolve("spark/jars")));
        bundled.removeIf(jar -> jar.startsWith("kindling-"));
        return bundled;
    }

    private static List<Listed> listed() {
        try {
            return Files.readAllLines(APPLICATION.resolve(LIST), StandardCharsets.UTF_8).stream()
                    .flatMap(line -> Listed.of(line).stream())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> jars(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> jars = new TreeSet<>();
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .forEach(jars::add);
            return jars;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<byte[]> inJar(String name) {
        Set<String> jars = jars(APPLICATION);
        assertThat(jars).hasSize(1);
        return entry(APPLICATION.resolve(jars.iterator().next()), name);
    }

    private static Optional<byte[]> entry(Path jar, String name) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            return zip.getEntry(name) == null
                    ? Optional.empty()
                    : Optional.of(zip.getInputStream(zip.getEntry(name)).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
