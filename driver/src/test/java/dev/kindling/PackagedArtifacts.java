package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests what makes the built jars reproducible, and the bill of materials of the package; run after packaging, in
 * {@code verify}. {@code deploy/test-reproducible} compares two whole builds.
 */
class PackagedArtifacts {
    /** {@code project.build.outputTimestamp} of the root pom.xml. */
    private static final LocalDateTime FIXED = LocalDateTime.of(2026, 1, 1, 0, 0);

    private static final Path PACKAGE = Path.of("target/kindling");

    @ParameterizedTest
    @ValueSource(strings = {"../spark-job/target", "target"})
    void entriesOfAModulesJarHaveAFixedTimeAndAnOrderThatNoFileSystemDetermines(String target) {
        List<ZipEntry> entries = entries(only(Path.of(target), "kindling-.*[0-9]\\.jar"));
        assertThat(entries)
                .hasSizeGreaterThan(100)
                .allSatisfy(entry ->
                        assertThat(entry.getTimeLocal()).as(entry.getName()).isEqualTo(FIXED));
        List<String> classes = entries.stream()
                .map(ZipEntry::getName)
                .filter(name -> name.endsWith(".class"))
                .toList();
        assertThat(classes).isSorted();
    }

    @Test
    void entriesOfTheApplicationJarHaveTheTimesOfTheJarsTheyComeFrom() throws IOException {
        LocalDateTime built = LocalDateTime.ofInstant(
                Files.getLastModifiedTime(Path.of("../pom.xml")).toInstant(), java.time.ZoneId.systemDefault());
        List<ZipEntry> entries = entries(only(PACKAGE, "kindling-.*\\.jar"));
        assertThat(entries).hasSizeGreaterThan(1000).allSatisfy(entry -> {
            boolean own = entry.getName().startsWith("dev/kindling/")
                    && !entry.getName().startsWith("dev/kindling/shaded/");
            assertThat(entry.getTimeLocal()).as(entry.getName()).isBefore(built);
            assertThat(!own || entry.getTimeLocal().equals(FIXED))
                    .as(entry.getName())
                    .isTrue();
        });
    }

    /** The plugin makes none while Maven is offline. */
    @Test
    void theBillOfMaterialsNamesEveryJarOfThePackageAndNoTimeOrSerialNumber() throws IOException {
        assumeTrue(!names(PACKAGE, "kindling-.*\\.cdx\\.json").isEmpty(), "built offline, without a bill of materials");
        JsonNode bill = new ObjectMapper()
                .readTree(only(PACKAGE, "kindling-.*\\.cdx\\.json").toFile());
        assertThat(bill.path("bomFormat").asText()).isEqualTo("CycloneDX");
        assertThat(bill.has("serialNumber")).isFalse();
        assertThat(bill.path("metadata").has("timestamp")).isFalse();
        Set<String> components = new TreeSet<>();
        bill.path("components").forEach(component -> {
            components.add(component.path("name").asText() + "-"
                    + component.path("version").asText());
        });
        List<String> jars = new ArrayList<>();
        for (String folder : List.of("driver-libs", "spark/jars")) {
            jars.addAll(names(PACKAGE.resolve(folder), ".*\\.jar"));
        }
        jars.addAll(names(Path.of("target/runtime"), ".*\\.jar"));
        assertThat(jars)
                .hasSizeGreaterThan(100)
                .allSatisfy(jar -> assertThat(components)
                        .as(jar)
                        .anyMatch(component -> jar.equals(component + ".jar") || jar.startsWith(component + "-")));
    }

    private static Path only(Path folder, String pattern) {
        List<String> found = names(folder, pattern);
        assertThat(found).hasSize(1);
        return folder.resolve(found.get(0));
    }

    private static List<String> names(Path folder, String pattern) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(pattern))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<ZipEntry> entries(Path jar) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            return zip.stream().<ZipEntry>map(entry -> entry).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
