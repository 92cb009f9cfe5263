package dev.kindling.job.executor;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.executor.gpu.GpuRequirementCheck;
import dev.kindling.job.protocol.Job;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The devices of this JVM that one job can run on; each is looked at once, before its backend's native code is loaded. Thread-safe. */
final class DeviceValidator {
    /** Where this JVM has computed before: the libraries are there, and what is free is free beside them. */
    private static final Set<Device> USED = ConcurrentHashMap.newKeySet();

    private final Set<Device> fit = ConcurrentHashMap.newKeySet();

    /**
     * Refuses a device that the job cannot run on.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException with one sentence
     */
    void require(Job job, Device device) {
        if (fit.contains(device)) {
            return;
        }
        Backends.gpus(job.backend())
                .ifPresent(support -> AssignedDevice.requirementCheck()
                        .require(
                                device,
                                new GpuRequirementCheck.Requirements(
                                        job.backend(),
                                        USED.contains(device) ? support.loaded() : support,
                                        AssignedDevice.sharing(),
                                        job.options().memoryBytes())));
        USED.add(device);
        if (fit.add(device)) {
            ExecutorLogContext.computing(job, device);
        }
    }
}
