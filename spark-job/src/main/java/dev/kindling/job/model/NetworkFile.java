package dev.kindling.job.model;

import java.nio.charset.StandardCharsets;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The Deeplearning4j file that {@code model.network} names: the JSON of a {@code MultiLayerConfiguration}, or the zip that
 * {@code ModelSerializer} writes, whose weights are then what training starts from. Nobody writes to its bytes.
 *
 * @param place where it was read from, for messages
 */
public record NetworkFile(String place, byte[] content) {
    /** SHA-256 of the bytes in hexadecimal: two files of one hash are the same network. */
    public String hash() {
        return DigestUtils.sha256Hex(content);
    }

    /** Whether it is a zip; else it is taken for JSON. */
    public boolean isZip() {
        return content.length > 1 && content[0] == 'P' && content[1] == 'K';
    }

    String text() {
        return new String(content, StandardCharsets.UTF_8);
    }
}
