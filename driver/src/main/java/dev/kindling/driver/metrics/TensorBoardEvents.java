package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.storage.ProtobufMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Encodes lines of {@code metrics.jsonl} as TensorBoard's event file: records of the TFRecord format (length, its checksum,
 * content, its checksum) whose content is a protocol buffer {@code tensorflow.Event} with a scalar for each number.
 */
final class TensorBoardEvents {
    /** The name of the file, which TensorBoard recognises by {@code tfevents}. */
    static final String NAME = "events.out.tfevents.kindling";

    private static final String VERSION = "brain.Event:2";

    // Fields of Event, Summary and Summary.Value (tensorboard/compat/proto/{event,summary}.proto).
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SUMMARY_VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;

    /** TFRecord's mask of checksums. */
    private static final int MASK_DELTA = 0xa282ead8;

    private static final int MASK_ROTATION = 15;

    private final double epochSeconds;

    /**
     * An encoder.
     *
     * @param epochSeconds when the run began, in seconds since 1970
     */
    TensorBoardEvents(double epochSeconds) {
        this.epochSeconds = epochSeconds;
    }

    /** The first record of a file. */
    byte[] header() {
        return record(event(0).text(FILE_VERSION, VERSION));
    }

    /** The record of a line: its numbers under their names, those of an object under {@code object/name}. */
    byte[] record(JsonNode line) {
        ProtobufMessage summary = new ProtobufMessage();
        NumbersOfLine.of(line)
                .forEach((name, number) -> summary.message(
                        SUMMARY_VALUE,
                        new ProtobufMessage().text(TAG, name).number(SIMPLE_VALUE, number.floatValue())));
        return record(event(line.path("seconds").asDouble())
                .integer(STEP, line.path("round").asLong())
                .message(SUMMARY, summary));
    }

    private ProtobufMessage event(double seconds) {
        return new ProtobufMessage().number(WALL_TIME, epochSeconds + seconds);
    }

    private static byte[] record(ProtobufMessage event) {
        byte[] content = event.toByteArray();
        byte[] length = little(Long.BYTES).putLong(content.length).array();
        return little(Long.BYTES + Integer.BYTES + content.length + Integer.BYTES)
                .put(length)
                .putInt(masked(length))
                .put(content)
                .putInt(masked(content))
                .array();
    }

    private static int masked(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return Integer.rotateRight((int) checksum.getValue(), MASK_ROTATION) + MASK_DELTA;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
