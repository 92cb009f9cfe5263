package dev.kindling.job.task.table;

import dev.kindling.job.task.Split;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Computes the hash of a prepared table: SHA-256 over the encoding's hash and, split by split and in the order of keys, key,
 * number of rows and CRC-32 of the rows of each group. CRC-32 detects damage and other versions; it does not detect forged
 * data.
 */
final class DataHash {
    private final MessageDigest digest = DigestUtils.getSha256Digest();
    private final ByteBuffer numbers = ByteBuffer.allocate(4 * Integer.BYTES);

    DataHash(String encodingHash) {
        digest.update(encodingHash.getBytes(StandardCharsets.UTF_8));
    }

    void group(Split split, byte[] key, int rows, int crc) {
        numbers.clear();
        numbers.putInt(split.key()).putInt(key.length).putInt(rows).putInt(crc).flip();
        digest.update(numbers);
        digest.update(key);
    }

    /** The hash of everything that was added, in hexadecimal; ends the computation. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
