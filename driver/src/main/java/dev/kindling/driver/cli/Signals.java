package dev.kindling.driver.cli;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.service.launcher.IrqHandler;
import org.jspecify.annotations.Nullable;

/**
 * What the operating system's signals do: SIGHUP, SIGINT and SIGTERM interrupt the thread that guards a run, so that it
 * can still write how the run ended; the second one ends the JVM at once, as the first does where nothing is guarded.
 * Thread-safe.
 */
final class Signals {
    private static final Map<String, ExitCode> CODES =
            new TreeMap<>(Map.of("HUP", ExitCode.HUNG_UP, "INT", ExitCode.INTERRUPTED, "TERM", ExitCode.TERMINATED));

    private @Nullable Thread guarded;
    private @Nullable String arrived;

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
        } else if (arrived != null) {
            Runtime.getRuntime().halt(code(name).number());
        } else {
            arrived = name;
            guarded.interrupt();
        }
    }

    /** From here on the calling thread is interrupted by a signal, and has to look at {@link #refuseIfArrived}. */
    synchronized void guard() {
        guarded = Thread.currentThread();
        arrived = null;
    }

    /** Ends what {@link #guard} began. */
    synchronized void release() {
        guarded = null;
        arrived = null;
        // An interrupt that came too late to be seen must not hit what comes after the run.
        Thread.interrupted();
    }

    /** Does the work; where a signal ended it, whatever failed because of that, throws StoppedException. */
    <T> T heeding(Supplier<T> work) {
        try {
            T result = work.get();
            refuseIfArrived();
            return result;
        } catch (RuntimeException | Error e) {
            refuseIfArrived();
            throw e;
        }
    }

    /** Throws StoppedException if a signal has arrived since {@link #guard}. */
    synchronized void refuseIfArrived() {
        if (arrived != null) {
            // What is closed on the way out must not be interrupted.
            Thread.interrupted();
            throw new StoppedException(code(arrived), "SIG" + arrived + " stopped the run before its end");
        }
    }

    private static ExitCode code(String name) {
        return CODES.getOrDefault(name, ExitCode.TERMINATED);
    }
}
