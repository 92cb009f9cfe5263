package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Encodes lines of {@code metrics.jsonl} as TensorBoard's event file: records of the TFRecord format (length, its checksum,
 * content, its checksum) whose content is a protocol buffer {@code tensorflow.Event} with a scalar for each number.
 */
final class TensorBoardEvents {
    /** The name of the file, which TensorBoard recognises by {@code tfevents}. */
    static final String NAME = "events.out.tfevents.kindling";

    private static final String VERSION = "brain.Event:2";

    // Fields of Event, Summary and Summary.Value (tensorboard/compat/proto/{event,summary}.proto): number and wire
    // type.
    private static final int WALL_TIME = 1 << 3 | 1;
    private static final int STEP = 2 << 3;
    private static final int FILE_VERSION = 3 << 3 | 2;
    private static final int SUMMARY = 5 << 3 | 2;
    private static final int SUMMARY_VALUE = 1 << 3 | 2;
    private static final int TAG = 1 << 3 | 2;
    private static final int SIMPLE_VALUE = 2 << 3 | 5;

    private static final int BITS = 7;
    private static final int SEVEN_BITS = 0x7f;
    private static final int CONTINUED = 0x80;

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
        Message event = event(0);
        event.bytes(FILE_VERSION, VERSION.getBytes(StandardCharsets.UTF_8));
        return record(event);
    }

    /** The record of a line: its numbers under their names, those of an object under {@code object/name}. */
    byte[] record(JsonNode line) {
        Message summary = new Message();
        line.fields().forEachRemaining(field -> {
            if (field.getValue().isObject()) {
                field.getValue()
                        .fields()
                        .forEachRemaining(
                                part -> scalar(summary, field.getKey() + "/" + part.getKey(), part.getValue()));
            } else if (!field.getKey().equals("round")) {
                scalar(summary, field.getKey(), field.getValue());
            }
        });
        Message event = event(line.path("seconds").asDouble());
        event.varint(STEP, line.path("round").asLong());
        event.bytes(SUMMARY, summary.toByteArray());
        return record(event);
    }

    private Message event(double seconds) {
        Message event = new Message();
        event.number(WALL_TIME, epochSeconds + seconds);
        return event;
    }

    private static void scalar(Message summary, String tag, JsonNode value) {
        if (value.isNumber()) {
            Message scalar = new Message();
            scalar.bytes(TAG, tag.getBytes(StandardCharsets.UTF_8));
            scalar.number(SIMPLE_VALUE, value.floatValue());
            summary.bytes(SUMMARY_VALUE, scalar.toByteArray());
        }
    }

    private static byte[] record(Message event) {
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

    /** The fields of a protocol buffer, in the order in which they were added. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void varint(int key, long number) {
            unsigned(key);
            unsigned(number);
        }

        void number(int key, double number) {
            unsigned(key);
            out.writeBytes(little(Double.BYTES).putDouble(number).array());
        }

        void number(int key, float number) {
            unsigned(key);
            out.writeBytes(little(Float.BYTES).putFloat(number).array());
        }

        void bytes(int key, byte[] content) {
            varint(key, content.length);
            out.writeBytes(content);
        }

        private void unsigned(long number) {
            long rest = number;
            while ((rest & ~SEVEN_BITS) != 0) {
                out.write(((int) rest & SEVEN_BITS) | CONTINUED);
                rest >>>= BITS;
            }
            out.write((int) rest);
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }
    }
}
