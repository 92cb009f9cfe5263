package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BackendUnavailableException;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Backend lookup in a JVM without ND4J, and which classes of ND4J are loaded in a JVM with it. */
class Nd4jMissingTest {
    /** A class loader of this test's class path without the jars whose names contain a word; records requested classes. */
    private static final class Loader extends URLClassLoader {
        private final Set<String> requested = new TreeSet<>();

        Loader(String without) {
            super(paths(without), ClassLoader.getPlatformClassLoader());
        }

        private static URL[] paths(String without) {
            List<URL> paths = new ArrayList<>();
            for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                File file = new File(path);
                if (without.isEmpty() || !file.getName().contains(without)) {
                    paths.add(url(file));
                }
            }
            return paths.toArray(URL[]::new);
        }

        private static URL url(File file) {
            try {
                return file.toURI().toURL();
            } catch (MalformedURLException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            requested.add(name);
            return super.findClass(name);
        }

        Object named(String backend) throws ReflectiveOperationException {
            Method named = loadClass(Backends.class.getName()).getMethod("named", String.class);
            return named.invoke(null, backend);
        }
    }

    @Test
    void withoutNd4jTheMessageNamesTheRemedy() throws IOException {
        try (Loader loader = new Loader("nd4j")) {
            assertThatThrownBy(() -> loader.named("nd4j"))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .satisfies(e ->
                            assertThat(e.getClass().getName()).isEqualTo(BackendUnavailableException.class.getName()))
                    .hasMessage(
                            "backend.name is nd4j, but ND4J is not on the class path of this JVM; add the jars of "
                                    + "Kindling's folder driver-libs to it (executors: spark.kindling.executor.libs), or set backend.name = vector");
        }
    }

    @Test
    void withoutNd4jTheOthersAreFound() throws IOException, ReflectiveOperationException {
        try (Loader loader = new Loader("nd4j")) {
            for (String name : List.of("reference", "vector")) {
                Object found = loader.named(name);
                assertThat(found.getClass().getMethod("name").invoke(found)).isEqualTo(name);
            }
        }
    }

    @Test
    void withNd4jNoClassOfItIsLoadedForTheOthers() throws IOException, ReflectiveOperationException {
        try (Loader loader = new Loader("")) {
            for (String name : Arrays.asList("reference", "vector")) {
                Object found = loader.named(name);
                assertThat(found.getClass().getClassLoader()).isEqualTo(loader);
            }
            assertThat(loader.requested).anyMatch(name -> name.endsWith(".Nd4jBackend"));
            assertThat(loader.requested).noneMatch(name -> name.startsWith("org.nd4j"));
        }
    }
}
