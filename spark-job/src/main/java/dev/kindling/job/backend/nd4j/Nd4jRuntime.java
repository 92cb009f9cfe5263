package dev.kindling.job.backend.nd4j;

import dev.kindling.job.error.BackendUnavailableException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's native side, started once in a JVM. On a processor every thread that runs blocks runs its kernels itself: ND4J
 * and the BLAS below it start no threads of their own, because the cores have been given to those that Spark started. That
 * holds for the whole JVM.
 */
final class Nd4jRuntime {
    private Nd4jRuntime() {}

    /**
     * Starts ND4J, or does nothing.
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

    /** The first line of the innermost cause: what ND4J wraps around it says less. */
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

        /** The class is initialised when this is called. */
        static void start() {}
    }
}
