package dev.kindling.driver.transform;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.Platform;

/** Copies of rows in one array of bytes, each with a number, for rows whose memory Spark uses again. Not thread-safe. */
final class RowArena {
    private static final int INITIAL_BYTES = 1 << 16;
    private static final int INITIAL_ROWS = 256;

    private final UnsafeRow view;
    private byte[] bytes = new byte[INITIAL_BYTES];
    private int[] starts = new int[INITIAL_ROWS + 1];
    private int[] numbers = new int[INITIAL_ROWS];
    private int rows;

    /** An empty arena for rows of the given number of fields. */
    RowArena(int fields) {
        this.view = new UnsafeRow(fields);
    }

    void clear() {
        rows = 0;
    }

    int rows() {
        return rows;
    }

    int bytes() {
        return starts[rows];
    }

    void add(UnsafeRow row, int number) {
        if (rows == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * rows);
            starts = Arrays.copyOf(starts, 2 * rows + 1);
        }
        int start = starts[rows];
        int size = row.getSizeInBytes();
        if (start + size > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, start + size));
        }
        Platform.copyMemory(
                row.getBaseObject(), row.getBaseOffset(), bytes, Platform.BYTE_ARRAY_OFFSET + (long) start, size);
        numbers[rows] = number;
        rows++;
        starts[rows] = start + size;
    }

    int number(int row) {
        return numbers[row];
    }

    /** A view of a row, valid until the next call. */
    UnsafeRow row(int row) {
        view.pointTo(bytes, Platform.BYTE_ARRAY_OFFSET + (long) starts[row], starts[row + 1] - starts[row]);
        return view;
    }
}
