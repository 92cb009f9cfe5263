package dev.kindling.driver.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Generates damaged copies of valid byte sequences; equal seeds give equal sequences of copies. */
final class Mutations {
    private static final int MOST_CHANGES = 4;
    private static final int LONGEST_PIECE = 64;
    /** Values at the limits of what length fields of 1, 2, 4 and 8 bytes can hold. */
    private static final long[] LIMITS = {
        0, 1, -1, 0x7f, 0x80, 0x7fff, 0x8000, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
    };

    private final Random random;
    private final List<byte[]> valid;

    Mutations(long seed, List<byte[]> valid) {
        this.random = new Random(seed);
        this.valid = List.copyOf(valid);
    }

    /** The next copy: one of the valid sequences with one to four changes. */
    byte[] next() {
        byte[] bytes = any();
        for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
            bytes = changed(bytes);
        }
        return bytes;
    }

    private byte[] any() {
        return valid.get(random.nextInt(valid.size())).clone();
    }

    private byte[] changed(byte[] bytes) {
        int at = random.nextInt(bytes.length + 1);
        int end = Math.min(bytes.length, at + 1 + random.nextInt(LONGEST_PIECE));
        return switch (random.nextInt(10)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> replaced(bytes, at, end, new byte[0]);
            case 2 -> replaced(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
            case 3 -> splicedAt(bytes, at);
            case 4, 5 -> withLimitAt(bytes, at);
            case 6 -> withVariableLengthAt(bytes, at);
            case 7 -> endedByAnother(bytes, at);
            default -> flippedAt(bytes, at);
        };
    }

    /** Inserts a piece of any valid sequence before a byte. */
    private byte[] splicedAt(byte[] bytes, int at) {
        byte[] other = any();
        int from = random.nextInt(other.length + 1);
        int to = Math.min(other.length, from + random.nextInt(LONGEST_PIECE));
        return replaced(bytes, at, at, Arrays.copyOfRange(other, from, to));
    }

    private byte[] flippedAt(byte[] bytes, int at) {
        byte[] flipped = bytes.clone();
        if (at < flipped.length) {
            flipped[at] = (byte) (random.nextBoolean() ? flipped[at] ^ (1 << random.nextInt(8)) : random.nextInt());
        }
        return flipped;
    }

    /** Overwrites bytes with a number at the limits of its width, in little-endian or big-endian order. */
    private byte[] withLimitAt(byte[] bytes, int at) {
        byte[] limited = bytes.clone();
        long value = LIMITS[random.nextInt(LIMITS.length)];
        int width = 1 << random.nextInt(4);
        boolean littleEndian = random.nextBoolean();
        for (int i = 0; i < width && at + i < limited.length; i++) {
            limited[at + i] = (byte) (value >> (8 * (littleEndian ? i : width - 1 - i)));
        }
        return limited;
    }

    /** Replaces a byte by a number at the limits of its width, as a varint, the format of counts in messages. */
    private byte[] withVariableLengthAt(byte[] bytes, int at) {
        byte[] number = new byte[10];
        int length = 0;
        long rest = LIMITS[random.nextInt(LIMITS.length)] >>> (random.nextBoolean() ? Integer.SIZE : 0);
        do {
            number[length++] = (byte) ((rest & 0x7f) | (rest > 0x7f || rest < 0 ? 0x80 : 0));
            rest >>>= 7;
        } while (rest != 0);
        return replaced(bytes, at, Math.min(bytes.length, at + 1), Arrays.copyOf(number, length));
    }

    /** Joins the beginning of a sequence and the end of any valid sequence. */
    private byte[] endedByAnother(byte[] bytes, int at) {
        byte[] other = any();
        return replaced(
                bytes, at, bytes.length, Arrays.copyOfRange(other, random.nextInt(other.length + 1), other.length));
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        byte[] result = new byte[from + by.length + bytes.length - to];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(by, 0, result, from, by.length);
        System.arraycopy(bytes, to, result, from + by.length, bytes.length - to);
        return result;
    }
}
