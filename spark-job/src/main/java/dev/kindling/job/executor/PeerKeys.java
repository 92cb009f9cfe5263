package dev.kindling.job.executor;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The keys with which executors authenticate each other, one for each pair and direction. The driver, which shares a session
 * key with each, derives the pair's key from the session key of the one that is asked and the id of the one that asks, and
 * sends it to the latter sealed with that one's session key. The one that is asked derives it itself.
 */
public final class PeerKeys {
    private static final HexFormat HEX = HexFormat.of();
    /** A salt and a key in hexadecimal digits. */
    private static final int SALT = 64;

    private PeerKeys() {}

    /** The key of connections from an executor to the one with the given session key. */
    static byte[] pair(byte[] asked, String asker) {
        return Handshake.mac(asked, ("key for executor " + asker).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * That key as the driver sends it.
     *
     * @param asker session key of the executor that is sent it
     * @param asked session key of the executor that it is to connect to
     * @param name of the executor that is sent it
     */
    public static String seal(byte[] asker, byte[] asked, String name) {
        String salt = Handshake.random();
        return salt + HEX.formatHex(xor(pair(asked, name), mask(asker, salt)));
    }

    /** That key as the executor that was sent it reads it; IllegalArgumentException if it is none. */
    static byte[] open(byte[] asker, String sealed) {
        if (sealed.length() != 2 * SALT) {
            throw new IllegalArgumentException("a sealed key has " + sealed.length() + " digits, not " + 2 * SALT);
        }
        return xor(HEX.parseHex(sealed.substring(SALT)), mask(asker, sealed.substring(0, SALT)));
    }

    private static byte[] mask(byte[] asker, String salt) {
        return Handshake.mac(asker, ("mask " + salt).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] xor(byte[] one, byte[] other) {
        byte[] both = new byte[one.length];
        for (int i = 0; i < both.length; i++) {
            both[i] = (byte) (one[i] ^ other[i]);
        }
        return both;
    }
}
