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
 * The buffers of one workspace, one for each slot: those that all tasks share from the beginning, those of the tasks as
 * large as the largest sub-block so far. They are taken once and not through ND4J's own workspaces, so that nothing has to
 * be closed when a task fails. Not thread-safe.
 */
final class BufferPool {
    private final List<Buffer> slots;
    private final Precision precision;
    private final String where;
    private final Map<Buffer, DataBuffer> buffers = new HashMap<>();
    private int tasks;

    /**
     * Takes the buffers that all tasks share.
     *
     * @param where errors say that they are
     */
    BufferPool(List<Buffer> buffers, Precision precision, String where) {
        this.slots = buffers;
        this.where = where;
        this.precision = precision;
        allocate(TaskAxis.ONE, 1);
    }

    /**
     * Makes room for so many tasks; returns whether that moved the buffers, and so every array over them is worth nothing
     * now.
     */
    boolean grow(int wanted) {
        if (wanted <= tasks) {
            return false;
        }
        for (Buffer buffer : slots) {
            DataBuffer old = buffer.axis() == TaskAxis.TASKS ? buffers.remove(buffer) : null;
            if (old != null) {
                old.close();
            }
        }
        // Should this fail, no buffer is taken for one that is there.
        tasks = 0;
        allocate(TaskAxis.TASKS, wanted);
        tasks = wanted;
        return true;
    }

    private void allocate(TaskAxis axis, int copies) {
        for (Buffer buffer : slots) {
            if (buffer.axis() == axis) {
                buffers.put(buffer, buffer(type(buffer.kind()), (long) buffer.size() * copies));
            }
        }
    }

    /** What runs out is the device's or the process's memory, which more of the same would not mend. */
    private DataBuffer buffer(DataType type, long length) {
        try {
            return Nd4j.createBuffer(type, length, true);
        } catch (RuntimeException | OutOfMemoryError e) {
            throw new BackendUnavailableException(
                    where + " has no room for " + length * type.width() + " bytes beside the "
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
            case NUMBERS -> precision == Precision.FLOAT ? DataType.FLOAT : DataType.DOUBLE;
            case TRUTHS -> DataType.BOOL;
            case INDICES -> DataType.INT64;
        };
    }

    /** Frees all buffers; no array over them may be used afterwards. */
    void close() {
        buffers.values().forEach(DataBuffer::close);
        buffers.clear();
        tasks = 0;
    }

    DataBuffer buffer(Buffer buffer) {
        return Objects.requireNonNull(buffers.get(buffer));
    }

    long bytes() {
        return buffers.values().stream()
                .mapToLong(buffer -> buffer.length() * buffer.getElementSize())
                .sum();
    }
}
