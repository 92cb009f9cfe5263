package dev.kindling.job.executor;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Derives the keys with which executors authenticate each other, one for each pair of client and server. The driver shares a
 * session key with each executor: it derives the pair's key from the server's session key and the client's id, and sends it to
 * the client, sealed with the client's session key. The server derives the key itself.
 */
public final class PeerKeys {
    private static final HexFormat HEX = HexFormat.of();
    /** A salt and a key in hexadecimal digits. */
    private static final int SALT = 64;

    private PeerKeys() {}

    /** The key of connections from an executor to the one with the given session key. */
    static byte[] pair(byte[] server, String client) {
        return Handshake.mac(server, ("key for executor " + client).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Seals that key for the executor that connects.
     *
     * @param client session key of the executor that connects
     * @param server session key of the executor that it connects to
     * @param name id of the executor that connects
     */
    public static String seal(byte[] client, byte[] server, String name) {
        String salt = Handshake.random();
        return salt + HEX.formatHex(xor(pair(server, name), mask(client, salt)));
    }

    /** Opens a sealed key; throws IllegalArgumentException if it has the wrong length. */
    static byte[] open(byte[] client, String sealed) {
        if (sealed.length() != 2 * SALT) {
            throw new IllegalArgumentException("a sealed key has " + sealed.length() + " digits, not " + 2 * SALT);
        }
        return xor(HEX.parseHex(sealed.substring(SALT)), mask(client, sealed.substring(0, SALT)));
    }

    private static byte[] mask(byte[] client, String salt) {
        return Handshake.mac(client, ("mask " + salt).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] xor(byte[] one, byte[] other) {
        byte[] both = new byte[one.length];
        for (int i = 0; i < both.length; i++) {
            both[i] = (byte) (one[i] ^ other[i]);
        }
        return both;
    }
}
