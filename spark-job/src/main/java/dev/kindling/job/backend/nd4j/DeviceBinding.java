package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Device;
import dev.kindling.job.error.BackendUnavailableException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Binds threads to the device of a workspace. ND4J stores the current GPU for each thread, and workspaces move between
 * threads, so each thread binds itself before it runs.
 */
sealed interface DeviceBinding {
    /** Makes the calling thread's kernels run on this device. */
    void bind();

    /** The processor. */
    record Processor() implements DeviceBinding {
        @Override
        public void bind() {
            // There is only one processor.
        }

        @Override
        public String toString() {
            return "the processor";
        }
    }

    /** A GPU, by its CUDA device ordinal. */
    record Gpu(int ordinal) implements DeviceBinding {
        @Override
        public void bind() {
            if (Nd4j.getAffinityManager().getDeviceForCurrentThread() != ordinal) {
                Nd4j.getAffinityManager().unsafeSetDevice(ordinal);
            }
        }

        @Override
        public String toString() {
            return "GPU " + ordinal + " of this JVM";
        }
    }

    /**
     * The binding of a device; of the processor if the ND4J of this JVM has no code for GPUs.
     *
     * @throws BackendUnavailableException if it has code for GPUs only and the device is the processor, or this JVM does not
     *     see the GPU
     */
    static DeviceBinding on(Device device) {
        if (Nd4jRuntime.onProcessor()) {
            return new Processor();
        }
        if (!(device instanceof Device.Gpu gpu)) {
            throw new BackendUnavailableException("backend.name is nd4j with code for GPUs alone, but was given "
                    + device + "; give Spark tasks a GPU, put nd4j-native on the class path in its place, or set "
                    + "backend.name = vector");
        }
        int seen = Nd4j.getAffinityManager().getNumberOfDevices();
        if (gpu.ordinal() >= seen) {
            throw new BackendUnavailableException(gpu + " is number " + gpu.ordinal() + " of this JVM, but CUDA sees "
                    + seen + " GPUs here; CUDA_VISIBLE_DEVICES must leave in sight what Spark assigns");
        }
        return new Gpu(gpu.ordinal());
    }
}
