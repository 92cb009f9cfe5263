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
 * What the operating system's signals do: the first SIGHUP, SIGINT or SIGTERM asks a run that is guarded to stop, so that
 * it can go on later; the next ends the JVM at once, as the first does where nothing is guarded. What comes within two
 * seconds of the first is the same wish: {@code timeout} signals a process and then its group. Thread-safe.
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
     * By a clock of one's own.
     *
     * @param nanoTime as {@link System#nanoTime}
     * @param halt ends the JVM at once, with an exit code
     */
    Signals(LongSupplier nanoTime, IntConsumer halt) {
        this.nanoTime = nanoTime;
        this.halt = halt;
    }

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
        } else if (!arrived) {
            arrived = true;
            first = nanoTime.getAsLong();
            guarded.signal("SIG" + name);
        } else if (nanoTime.getAsLong() - first > MOMENT) {
            halt.accept(code(name).number());
        }
    }

    /** Does the work of a run that signals ask to stop. */
    void guarded(CancellationSource run, Runnable work) {
        guard(run);
        try {
            work.run();
        } finally {
            release();
        }
    }

    /** From here on signals go to the run. */
    synchronized void guard(CancellationSource run) {
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
