package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.runner.CompiledJob;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * Caches the jobs that this JVM has opened recently, by the hash of their bytes. Concurrent requests open a job once; a failure
 * to open is not cached. Thread-safe.
 */
final class CompiledJobCache {
    /** A run has one job, a concurrent evaluation or comparison a second. Opened data may be large. */
    private static final int CAPACITY = 2;

    private static final class Slot {
        private final DeviceValidator devices = new DeviceValidator();
        private volatile @Nullable Job job;
        private volatile @Nullable CompiledJob compiled;
    }

    private final Map<String, Slot> slots = new LinkedHashMap<>(CAPACITY, 0.75f, true);

    /** Returns the compiled job, after checking that it can run on the calling thread's device. */
    CompiledJob get(String hash, Supplier<byte[]> job, Supplier<Configuration> hadoop, Device device) {
        Slot slot = slot(hash);
        Job known = slot.job;
        if (known == null) {
            // Concurrent decoding gives equal jobs.
            known = MessageCodec.decodeJob(job.get());
            slot.job = known;
        }
        slot.devices.require(known, device);
        CompiledJob open = slot.compiled;
        if (open != null) {
            return open;
        }
        synchronized (slot) {
            open = slot.compiled;
            if (open == null) {
                open = open(known, hadoop.get());
                slot.compiled = open;
            }
            return open;
        }
    }

    private static CompiledJob open(Job job, Configuration hadoop) {
        long begin = System.nanoTime();
        CompiledJob open = CompiledJob.open(job, hadoop);
        ExecutorLogContext.opened(job, System.nanoTime() - begin);
        return open;
    }

    private synchronized Slot slot(String hash) {
        Slot slot = slots.computeIfAbsent(hash, key -> new Slot());
        Iterator<Slot> oldest = slots.values().iterator();
        while (slots.size() > CAPACITY) {
            CompiledJob evicted = oldest.next().compiled;
            oldest.remove();
            if (evicted != null) {
                evicted.close();
            }
        }
        return slot;
    }
}
