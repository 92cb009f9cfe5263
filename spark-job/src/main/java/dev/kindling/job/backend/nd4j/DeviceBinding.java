package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Device;
import dev.kindling.job.error.BackendUnavailableException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where the threads of one workspace compute. ND4J remembers for each thread which GPU it uses, and workspaces change threads:
 * whoever is about to run takes the seat first.
 */
sealed interface DeviceBinding {
    /** Makes the calling thread's kernels run here. */
    void take();

    /** The processor. */
    record Processor() implements DeviceBinding {
        @Override
        public void take() {
            // There is only one.
        }

        @Override
        public String toString() {
            return "the processor";
        }
    }

    /** A GPU, as CUDA counts them. */
    record Gpu(int ordinal) implements DeviceBinding {
        @Override
        public void take() {
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
     * The seat on a device; the processor where the ND4J of this JVM has no code for GPUs.
     *
     * @throws BackendUnavailableException if it has code for GPUs alone and was given the processor, or this JVM does not see
     *     the GPU
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
