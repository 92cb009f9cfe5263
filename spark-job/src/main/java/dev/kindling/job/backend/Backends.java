package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;

/** Looks up backends by the value of {@code backend.name}. */
public final class Backends {
    private static final String VECTOR = "vector";

    /** The former name of {@code reference}. */
    private static final String PLAIN = "plain";

    private Backends() {}

    /**
     * Refuses a name that no backend has; does not check whether the backend can run in this JVM.
     *
     * @throws IllegalArgumentException if there is no backend of that name
     */
    public static void refuseUnknown(String name) {
        // The class of vector cannot be loaded without the Vector API's module.
        if (!name.equals(VECTOR)) {
            var unused = find(name);
        }
    }

    /**
     * The backend of the given name.
     *
     * @throws BackendUnavailableException if it cannot run in this JVM; the message names the remedy
     * @throws IllegalArgumentException if there is no backend of that name
     */
    public static Backend named(String name) {
        if (name.equals(VECTOR)
                && !ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            throw new BackendUnavailableException(
                    "backend.name is vector, but this JVM runs without the Vector API; add "
                            + "--add-modules=jdk.incubator.vector to the java command line (with spark-submit: "
                            + "--driver-java-options=--add-modules=jdk.incubator.vector; executors: "
                            + "spark.executor.extraJavaOptions), or set backend.name = scalar, whose results are the same and which is "
                            + "2 to 6 times slower");
        }
        Backend backend = find(name);
        backend.requireAvailable();
        return backend;
    }

    /**
     * The GPUs that the backend of the given name supports in this JVM; empty if it runs on the processor. Does not check
     * whether it can run, and loads no native code.
     *
     * @throws IllegalArgumentException if there is no backend of that name
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
            throw new IllegalArgumentException("backend.name is " + name
                    + (name.equals(PLAIN) ? ", which is now called reference" : "")
                    + "; it must be vector, scalar, reference or nd4j");
        }
        return found.get(0);
    }
}
