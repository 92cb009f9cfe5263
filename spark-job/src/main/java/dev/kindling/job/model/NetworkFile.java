package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The Deeplearning4j file that {@code model.network} names: the JSON of a {@code MultiLayerConfiguration}, or the zip that
 * {@code ModelSerializer} writes, whose weights are then what training starts from. Nobody writes to its bytes.
 *
 * @param place where it was read from, for messages
 */
public record NetworkFile(String place, byte[] content) {
    /** The most characters of a text from the file that a message repeats. */
    private static final int LONGEST_SHOWN = 200;

    /** SHA-256 of the bytes in hexadecimal: two files of one hash are the same network. */
    public String hash() {
        return DigestUtils.sha256Hex(content);
    }

    /** Whether it is a zip; else it is taken for JSON. */
    public boolean isZip() {
        return content.length > 1 && content[0] == 'P' && content[1] == 'K';
    }

    /** The beginning of sentences about the file. */
    String subject() {
        return "model.network is " + place;
    }

    /** The refusal of a file whose configuration cannot be used. */
    IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(subject() + ", " + what);
    }

    /** The refusal of a file whose bytes are not what Deeplearning4j writes. */
    BadDataException damaged(String what) {
        return new BadDataException(subject() + ", which is damaged: " + what);
    }

    /** The same, with what found it out. */
    BadDataException damaged(String what, Exception cause) {
        return new BadDataException(subject() + ", which is damaged: " + what, cause);
    }

    /** What an attempt gives; its IllegalArgumentException names the file, if it did not. */
    <T> T naming(Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith(subject())
                    ? e
                    : new IllegalArgumentException(subject() + ", which does not fit: " + message, e);
        }
    }

    /** Bytes of the file as text; IllegalArgumentException if they are not UTF-8. */
    String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    subject() + ", whose configuration is no text in UTF-8; JSON must be", e);
        }
    }

    /** A text from the file as a message may repeat it: without control characters, and not longer than a line or two. */
    static String shown(String text) {
        String printable = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
        return printable.length() > LONGEST_SHOWN ? printable.substring(0, LONGEST_SHOWN) + "..." : printable;
    }
}
