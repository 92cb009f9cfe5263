package dev.kindling.job.backend;

/**
 * The device assigned to a thread: the processor, or one GPU, which may be shared with other threads. A backend without
 * code for GPUs runs on the processor whatever device the thread has.
 */
public sealed interface Device {
    /** The processor, available to every thread. */
    Device PROCESSOR = new Processor();

    /** The processor, without any GPU. */
    record Processor() implements Device {
        @Override
        public String toString() {
            return "the processor";
        }
    }

    /**
     * A GPU.
     *
     * @param address the cluster's name of it: an index of {@code nvidia-smi}, or a UUID such as {@code GPU-...}
     * @param ordinal the CUDA device ordinal among the GPUs visible to this JVM, from 0 on
     */
    record Gpu(String address, int ordinal) implements Device {
        public Gpu {
            if (ordinal < 0) {
                throw new IllegalArgumentException(
                        "the ordinal of GPU " + address + " is " + ordinal + "; it must be 0 or more");
            }
        }

        @Override
        public String toString() {
            return "GPU " + address;
        }
    }
}
