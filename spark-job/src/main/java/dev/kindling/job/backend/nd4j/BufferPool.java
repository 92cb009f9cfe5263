package dev.kindling.job.backend.nd4j;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.tensor.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The allocated memory of one workspace, an ND4J buffer for each planned one: buffers without task axis are allocated at the
 * beginning, those with one as large as the largest batch so far. They are not allocated through ND4J's workspaces, so that
 * nothing has to be closed when a task fails. Not thread-safe.
 */
final class BufferPool {
    private final List<Buffer> planned;
    private final Precision precision;
    private final String device;
    private final Map<Buffer, DataBuffer> allocated = new HashMap<>();
    private int tasks;

    /**
     * Allocates the buffers without task axis.
     *
     * @param device the name of the device, for error messages
     */
    BufferPool(List<Buffer> planned, Precision precision, String device) {
        this.planned = planned;
        this.device = device;
        this.precision = precision;
        allocate(TaskAxis.ONE, 1);
    }

    /**
     * Allocates buffers for a batch of {@code batchSize} tasks, if they are smaller. Returns whether it did: then all arrays
     * over the previous buffers are invalid.
     */
    boolean grow(int batchSize) {
        if (batchSize <= tasks) {
            return false;
        }
        for (Buffer buffer : planned) {
            DataBuffer old = buffer.axis() == TaskAxis.TASKS ? allocated.remove(buffer) : null;
            if (old != null) {
                old.close();
            }
        }
        // If the allocation fails, the next call allocates all buffers again.
        tasks = 0;
        allocate(TaskAxis.TASKS, batchSize);
        tasks = batchSize;
        return true;
    }

    private void allocate(TaskAxis axis, int copies) {
        for (Buffer buffer : planned) {
            if (buffer.axis() == axis) {
                allocated.put(buffer, allocate(type(buffer.kind()), (long) buffer.size() * copies));
            }
        }
    }

    /** A failure is a lack of device or process memory, which a retry would not cure. */
    private DataBuffer allocate(DataType type, long length) {
        try {
            return Nd4j.createBuffer(type, length, true);
        } catch (RuntimeException | OutOfMemoryError e) {
            throw new BackendUnavailableException(
                    device + " has no room for " + length * type.width() + " bytes in addition to the "
                            + bytes() + " that a thread of backend nd4j holds there (" + firstLine(e)
                            + "); lower backend.memory, or let fewer Spark tasks share it");
        }
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage())
                .lines()
                .findFirst()
                .orElse(e.getClass().getSimpleName());
    }

    private DataType type(Buffer.Kind kind) {
        return switch (kind) {
            case FLOATS -> precision == Precision.FLOAT ? DataType.FLOAT : DataType.DOUBLE;
            case BOOLEANS -> DataType.BOOL;
            case INDICES -> DataType.INT64;
        };
    }

    /** Frees all buffers; no array over them may be used afterwards. */
    void close() {
        allocated.values().forEach(DataBuffer::close);
        allocated.clear();
        tasks = 0;
    }

    DataBuffer buffer(Buffer buffer) {
        return Objects.requireNonNull(allocated.get(buffer));
    }

    long bytes() {
        return allocated.values().stream()
                .mapToLong(buffer -> buffer.length() * buffer.getElementSize())
                .sum();
    }
}
