package dev.kindling.job.executor;

import dev.kindling.job.runner.Runner;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Wire;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * The jobs that this JVM has opened lately, by the hash of their bytes. A job is opened once, however many threads ask
 * for it at the same time; one that cannot be opened is not remembered. Thread-safe.
 */
final class OpenJobs {
    /** A run has one job; an evaluation or a comparison beside it a second. Opened data may be large. */
    private static final int KEPT = 2;

    private static final class Slot {
        private volatile @Nullable Runner runner;
    }

    private final Map<String, Slot> slots = new LinkedHashMap<>(KEPT, 0.75f, true);

    Runner runner(String hash, Supplier<byte[]> job, Supplier<Configuration> hadoop) {
        Slot slot = slot(hash);
        Runner open = slot.runner;
        if (open != null) {
            return open;
        }
        synchronized (slot) {
            open = slot.runner;
            if (open == null) {
                open = open(Wire.decodeJob(job.get()), hadoop.get());
                slot.runner = open;
            }
            return open;
        }
    }

    private static Runner open(Job job, Configuration hadoop) {
        long begin = System.nanoTime();
        Runner open = Runner.open(job, hadoop);
        WorkLog.opened(job, System.nanoTime() - begin);
        return open;
    }

    private synchronized Slot slot(String hash) {
        Slot slot = slots.computeIfAbsent(hash, key -> new Slot());
        Iterator<String> oldest = slots.keySet().iterator();
        while (slots.size() > KEPT) {
            oldest.next();
            oldest.remove();
        }
        return slot;
    }
}
