package dev.kindling.job.backend.nd4j;

import dev.kindling.job.error.BackendUnavailableException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Starts ND4J's native library, once in a JVM. On a processor, ND4J and its BLAS are set to one thread for the whole JVM,
 * because Spark has assigned the cores to the threads that run blocks.
 */
final class Nd4jRuntime {
    private Nd4jRuntime() {}

    /**
     * Starts ND4J, if it is not started.
     *
     * @throws BackendUnavailableException if its native library cannot be loaded on this machine
     */
    static void start() {
        try {
            Once.start();
        } catch (LinkageError | RuntimeException e) {
            throw new BackendUnavailableException(
                    "backend.name is nd4j, but ND4J cannot start in this JVM (" + reason(e)
                            + "); put nd4j-native, or nd4j-cuda with its CUDA, for this machine on the class path, or set "
                            + "backend.name = vector");
        }
    }

    /** The first line of the root cause, which is more specific than ND4J's wrapping exceptions. */
    private static String reason(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return message == null || message.isBlank()
                ? cause.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    /** Whether kernels run on a processor. */
    static boolean onProcessor() {
        return Nd4j.getEnvironment().isCPU();
    }

    private static final class Once {
        static {
            if (onProcessor()) {
                Nd4j.getEnvironment().setMaxMasterThreads(1);
                Nd4j.factory().blas().setMaxThreads(1);
            }
        }

        private Once() {}

        /** Initialises this class. */
        static void start() {}
    }
}
