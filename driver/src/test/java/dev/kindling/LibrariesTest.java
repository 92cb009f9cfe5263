package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** Libraries that are newer than those that the others on the class path were released with. */
class LibrariesTest {
    /** CVE-2024-25710 and CVE-2024-26308 are repaired in 1.26.0. */
    @Test
    void commonsCompressHasNoKnownVulnerability() throws IOException {
        try (JarFile jar = new JarFile(compress().toFile())) {
            String[] version = jar.getManifest()
                    .getMainAttributes()
                    .getValue("Implementation-Version")
                    .split("\\.", -1);
            assertThat(Integer.parseInt(version[0]) * 1_000 + Integer.parseInt(version[1]))
                    .isGreaterThanOrEqualTo(1_026);
        }
    }

    /** From 1.26.2 on it calls what commons-lang3 in Spark's version does not have. */
    @Test
    void commonsCompressIsCompatibleWithSparksVersionsOfItsDependencies() throws IOException {
        try (JarFile jar = new JarFile(compress().toFile())) {
            List<JavaAccess<?>> calls = new ClassFileImporter()
                    .importJar(jar).stream()
                            .flatMap(type -> type.getAccessesFromSelf().stream())
                            .filter(access -> access.getTargetOwner()
                                    .getPackageName()
                                    .matches("org\\.apache\\.commons\\.(codec|io|lang3)\\b.*"))
                            .toList();
            assertThat(calls).hasSizeGreaterThan(50);
            assertThat(calls.stream()
                            .filter(call -> call.getTarget().resolveMember().isEmpty())
                            .map(JavaAccess::getDescription))
                    .isEmpty();
        }
    }

    private static Path compress() {
        return Path.of(URI.create(ZipFile.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
    }
}
