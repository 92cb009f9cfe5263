package dev.kindling.job.backend;

import java.util.Comparator;

/**
 * Which GPUs a backend has machine code for, by NVIDIA's compute capability; both ends belong to it.
 *
 * @param minCapability the oldest
 * @param maxCapability the newest
 * @param bytes of a GPU's memory that the backend's libraries take before a thread computes there: an estimate
 */
public record GpuSupport(Capability minCapability, Capability maxCapability, long bytes) {
    /** A compute capability, such as 8.6. */
    public record Capability(int major, int minor) implements Comparable<Capability> {
        private static final Comparator<Capability> ORDER =
                Comparator.comparingInt(Capability::major).thenComparingInt(Capability::minor);

        /** The capability of a text such as {@code 8.6}; NumberFormatException if it is none. */
        public static Capability of(String text) {
            int dot = text.indexOf('.');
            if (dot < 0) {
                throw new NumberFormatException("\"" + text + "\" is no compute capability");
            }
            return new Capability(Integer.parseInt(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
        }

        @Override
        public int compareTo(Capability other) {
            return ORDER.compare(this, other);
        }

        @Override
        public String toString() {
            return major + "." + minor;
        }
    }

    /** The same where the libraries have been loaded onto a GPU already. */
    public GpuSupport loaded() {
        return new GpuSupport(minCapability, maxCapability, 0);
    }

    /** Whether there is code for a GPU. */
    public boolean includes(Capability capability) {
        return capability.compareTo(minCapability) >= 0 && capability.compareTo(maxCapability) <= 0;
    }
}
