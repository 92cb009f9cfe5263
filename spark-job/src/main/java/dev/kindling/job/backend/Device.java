package dev.kindling.job.backend;

/**
 * Where the programs of a thread may run: the processor, or one GPU that belongs to it alone or is shared with other threads.
 * It is what the thread was given, not what a backend must use: one that has no code for a GPU runs on the processor.
 */
public sealed interface Device {
    /** Where every thread may run. */
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
     * @param address as the cluster calls it: a number of {@code nvidia-smi}, or an id such as {@code GPU-...}
     * @param ordinal as CUDA counts the GPUs that this JVM sees, from 0 on
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
