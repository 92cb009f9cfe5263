package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.FlatVector;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** Transfers between arrays of the JVM and ND4J's buffers of the same precision. */
final class HostTransfers {
    private HostTransfers() {}

    static void write(FlatVector from, int offset, int count, DataBuffer to, long at) {
        for (int i = 0; i < count; i++) {
            to.put(at + i, from.at(offset + i));
        }
    }

    /** Reads a whole vector from the start of a buffer. */
    static void read(DataBuffer from, FlatVector to) {
        if (to instanceof FlatVector.OfFloat floats) {
            FloatBuffer elements = from.asNioFloat();
            elements.get(floats.array());
        } else {
            DoubleBuffer elements = from.asNioDouble();
            elements.get(((FlatVector.OfDouble) to).array());
        }
    }

    static void read(DataBuffer from, long at, int count, double[] to, int offset) {
        for (int i = 0; i < count; i++) {
            to[offset + i] = from.getDouble(at + i);
        }
    }
}
