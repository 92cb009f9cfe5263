package dev.kindling.job.backend;

import java.util.Comparator;

/**
 * The range of NVIDIA compute capabilities for which a backend has machine code.
 *
 * @param minCapability the lowest, inclusive
 * @param maxCapability the highest, inclusive
 * @param bytes an estimate of the GPU memory that the backend's libraries take before any computation
 */
public record GpuSupport(Capability minCapability, Capability maxCapability, long bytes) {
    /** An NVIDIA compute capability, such as 8.6. */
    public record Capability(int major, int minor) implements Comparable<Capability> {
        private static final Comparator<Capability> ORDER =
                Comparator.comparingInt(Capability::major).thenComparingInt(Capability::minor);

        /**
         * Parses a text such as {@code 8.6}.
         *
         * @throws NumberFormatException if the text is no compute capability
         */
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

    /** The same support with {@link #bytes} 0, once the libraries are loaded onto a GPU. */
    public GpuSupport loaded() {
        return new GpuSupport(minCapability, maxCapability, 0);
    }

    /** Whether there is machine code for a GPU of the given capability. */
    public boolean includes(Capability capability) {
        return capability.compareTo(minCapability) >= 0 && capability.compareTo(maxCapability) <= 0;
    }
}
