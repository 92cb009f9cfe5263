package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The Deeplearning4j file of {@code model.network}: the JSON of a {@code MultiLayerConfiguration}, or the zip that
 * {@code ModelSerializer} writes, whose weights are the initial parameters. The array must not be written.
 *
 * @param place the path that it was read from, for messages
 */
public record NetworkFile(String place, byte[] content) {
    /** The most characters of the file's text that a message quotes. */
    private static final int LONGEST_SHOWN = 200;

    /** SHA-256 of the content in hexadecimal. */
    public String hash() {
        return DigestUtils.sha256Hex(content);
    }

    /** Whether the content is a zip; otherwise it is treated as JSON. */
    public boolean isZip() {
        return content.length > 1 && content[0] == 'P' && content[1] == 'K';
    }

    /** The beginning of messages about the file. */
    String subject() {
        return "model.network is " + place;
    }

    /** The exception for a file whose configuration cannot be used. */
    IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(subject() + ", " + what);
    }

    /** The exception for a file that is damaged. */
    BadDataException damaged(String what) {
        return new BadDataException(subject() + ", which is damaged: " + what);
    }

    /** The exception for a file that is damaged, with its cause. */
    BadDataException damaged(String what, Exception cause) {
        return new BadDataException(subject() + ", which is damaged: " + what, cause);
    }

    /** The result of the supplier; an IllegalArgumentException from it is extended by the file if it lacks it. */
    <T> T namingFile(Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith(subject())
                    ? e
                    : new IllegalArgumentException(subject() + ", which does not fit: " + message, e);
        }
    }

    /** Decodes bytes of the file; IllegalArgumentException if they are not UTF-8. */
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

    /** A text of the file in a form that is safe in messages: without control characters and truncated. */
    static String shown(String text) {
        String printable = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
        return printable.length() > LONGEST_SHOWN ? printable.substring(0, LONGEST_SHOWN) + "..." : printable;
    }
}
