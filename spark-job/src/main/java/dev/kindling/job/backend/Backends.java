package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;

/** Finds backends by name. */
public final class Backends {
    private static final String VECTOR = "vector";

    private Backends() {}

    /** Refuses a name that no backend has, by IllegalArgumentException; whether it runs in this JVM does not matter. */
    public static void refuseUnknown(String name) {
        // vector cannot even be loaded where its module is missing.
        if (!name.equals(VECTOR)) {
            var unused = find(name);
        }
    }

    /**
     * The backend of the given name.
     *
     * @throws BackendUnavailableException if it cannot run in this JVM, with one sentence that says what to do
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Backend named(String name) {
        if (name.equals(VECTOR)
                && !ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            throw new BackendUnavailableException(
                    "backend.name is vector, but this JVM runs without the Vector API; add "
                            + "--add-modules=jdk.incubator.vector to the java command line (with spark-submit: "
                            + "--driver-java-options=--add-modules=jdk.incubator.vector; executors: "
                            + "spark.executor.extraJavaOptions), or set backend.name = plain");
        }
        Backend backend = find(name);
        backend.requireAvailable();
        return backend;
    }

    /**
     * The GPUs on which the backend of the given name runs in this JVM, by its own word; empty where it runs on the processor.
     * Whether it can run at all does not matter, and nothing native is loaded.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Optional<GpuSupport> gpus(String name) {
        return name.equals(VECTOR) ? Optional.empty() : find(name).gpus();
    }

    private static Backend find(String name) {
        List<Backend> found;
        try {
            found = StreamSupport.stream(
                            ServiceLoader.load(Backend.class, Backends.class.getClassLoader())
                                    .spliterator(),
                            false)
                    .filter(backend -> backend.name().equals(name))
                    .toList();
        } catch (ServiceConfigurationError e) {
            throw new BackendUnavailableException("backend " + name + " cannot be loaded: " + e.getMessage());
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("backend.name is " + name + "; it must be vector, plain or nd4j");
        }
        return found.get(0);
    }
}
