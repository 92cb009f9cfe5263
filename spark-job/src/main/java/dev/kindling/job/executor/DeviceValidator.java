package dev.kindling.job.executor;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.executor.gpu.GpuRequirementCheck;
import dev.kindling.job.protocol.Job;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Checks once per device whether a job can run on it, before its backend's native code is loaded. Thread-safe. */
final class DeviceValidator {
    /** Devices that this JVM has computed on: libraries are loaded, and free memory excludes theirs. */
    private static final Set<Device> USED = ConcurrentHashMap.newKeySet();

    private final Set<Device> usable = ConcurrentHashMap.newKeySet();

    /**
     * Throws unless the job can run on the device.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException with a single-line message
     */
    void require(Job job, Device device) {
        if (usable.contains(device)) {
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
        if (usable.add(device)) {
            ExecutorLogContext.computing(job, device);
        }
    }
}
