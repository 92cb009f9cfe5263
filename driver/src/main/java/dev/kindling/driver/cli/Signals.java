package dev.kindling.driver.cli;

import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.service.launcher.IrqHandler;
import org.jspecify.annotations.Nullable;

/**
 * What the operating system's signals do: the first SIGHUP, SIGINT or SIGTERM asks a run that is guarded to stop, so that
 * it can go on later; the second ends the JVM at once, as the first does where nothing is guarded. Thread-safe.
 */
final class Signals {
    private static final Map<String, ExitCode> CODES =
            new TreeMap<>(Map.of("HUP", ExitCode.HUNG_UP, "INT", ExitCode.INTERRUPTED, "TERM", ExitCode.TERMINATED));

    private @Nullable StopRequest guarded;
    private boolean arrived;

    /** Asks the operating system for the signals; one that the JVM was told to ignore stays ignored. */
    void listen() {
        for (String name : CODES.keySet()) {
            try {
                new IrqHandler(name, signal -> arrived(signal.getName())).bind();
            } catch (IllegalArgumentException e) {
                // The JVM keeps this one for itself (-Xrs), and ends as it always does.
            }
        }
    }

    /** Takes in a signal by its name, such as {@code TERM}. */
    synchronized void arrived(String name) {
        if (guarded == null) {
            // Exit waits for hooks, which may wait for the thread that this lock keeps out.
            new Thread(() -> System.exit(code(name).number()), "kindling-exit").start();
        } else if (arrived) {
            Runtime.getRuntime().halt(code(name).number());
        } else {
            arrived = true;
            guarded.signal("SIG" + name);
        }
    }

    /** From here on signals go to the run. */
    synchronized void guard(StopRequest run) {
        guarded = run;
        arrived = false;
    }

    /** Ends what {@link #guard} began. */
    synchronized void release() {
        guarded = null;
        arrived = false;
    }

    private static ExitCode code(String name) {
        return CODES.getOrDefault(name, ExitCode.TERMINATED);
    }
}
