package dev.kindling.driver.cli;

import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.CancellationSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.apache.hadoop.service.launcher.IrqHandler;
import org.jspecify.annotations.Nullable;

/**
 * Handles SIGHUP, SIGINT and SIGTERM. During a guarded run, the first signal requests that the run stop with a
 * checkpoint, and a later one halts the JVM immediately. Signals within two seconds of the first are ignored: {@code
 * timeout} signals a process and then its process group. Without a guarded run, the first signal ends the JVM.
 * Thread-safe.
 */
final class Signals {
    private static final Map<String, ExitCode> CODES =
            new TreeMap<>(Map.of("HUP", ExitCode.HUNG_UP, "INT", ExitCode.INTERRUPTED, "TERM", ExitCode.TERMINATED));

    private static final long MOMENT = TimeUnit.SECONDS.toNanos(2);

    private final LongSupplier nanoTime;
    private final IntConsumer halt;
    private @Nullable CancellationSource guarded;
    private boolean arrived;
    private long first;

    Signals() {
        this(System::nanoTime, code -> Runtime.getRuntime().halt(code));
    }

    /**
     * Creates a handler with a given clock.
     *
     * @param nanoTime a clock in nanoseconds, such as {@link System#nanoTime}
     * @param halt ends the JVM immediately, with an exit code
     */
    Signals(LongSupplier nanoTime, IntConsumer halt) {
        this.nanoTime = nanoTime;
        this.halt = halt;
    }

    /** Registers the handlers; a signal that the process was started to ignore stays ignored. */
    void listen() {
        for (String name : CODES.keySet()) {
            try {
                new IrqHandler(name, signal -> arrived(signal.getName())).bind();
            } catch (IllegalArgumentException e) {
                // The JVM does not pass on this signal (-Xrs); its default action applies.
            }
        }
    }

    /** Handles a signal by its name, such as {@code TERM}. */
    synchronized void arrived(String name) {
        if (guarded == null) {
            // In a new thread: exit waits for shutdown hooks, and these may wait for a thread that needs this lock.
            new Thread(() -> System.exit(code(name).number()), "kindling-exit").start();
        } else if (!arrived) {
            arrived = true;
            first = nanoTime.getAsLong();
            guarded.signal("SIG" + name);
        } else if (nanoTime.getAsLong() - first > MOMENT) {
            halt.accept(code(name).number());
        }
    }

    /** Runs work, during which signals request the cancellation of its run. */
    void guarded(CancellationSource run, Runnable work) {
        guard(run);
        try {
            work.run();
        } finally {
            release();
        }
    }

    /** Sends signals to a run until {@link #release}. */
    synchronized void guard(CancellationSource run) {
        guarded = run;
        arrived = false;
    }

    /** Restores the default handling after {@link #guard}. */
    synchronized void release() {
        guarded = null;
        arrived = false;
    }

    private static ExitCode code(String name) {
        return CODES.getOrDefault(name, ExitCode.TERMINATED);
    }
}
