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
 * The jobs that this JVM has opened lately, by the hash of their bytes. A job is opened once, however many threads ask
 * for it at the same time; one that cannot be opened is not remembered. Thread-safe.
 */
final class CompiledJobCache {
    /** A run has one job; an evaluation or a comparison beside it a second. Opened data may be large. */
    private static final int KEPT = 2;

    private static final class Slot {
        private final DeviceValidator fit = new DeviceValidator();
        private volatile @Nullable Job job;
        private volatile @Nullable CompiledJob compiled;
    }

    private final Map<String, Slot> slots = new LinkedHashMap<>(KEPT, 0.75f, true);

    /** The job's runner, for a thread with the given device, which must be one that the job can run on. */
    CompiledJob runner(String hash, Supplier<byte[]> job, Supplier<Configuration> hadoop, Device device) {
        Slot slot = slot(hash);
        Job known = slot.job;
        if (known == null) {
            // Whoever decodes it too decodes the same.
            known = MessageCodec.decodeJob(job.get());
            slot.job = known;
        }
        slot.fit.require(known, device);
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
        while (slots.size() > KEPT) {
            CompiledJob forgotten = oldest.next().compiled;
            oldest.remove();
            if (forgotten != null) {
                forgotten.close();
            }
        }
        return slot;
    }
}
