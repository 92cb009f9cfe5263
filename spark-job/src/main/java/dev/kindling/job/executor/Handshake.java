package dev.kindling.job.executor;

import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.spark.network.client.TransportClient;

/**
 * Mutual authentication at the start of a connection: each end proves that it knows a key, which is not transferred.
 * Hello (client's nonce), challenge (server's nonce and proof), proof (client's): the three passes of ISO/IEC 9798-4 with
 * HMAC-SHA256 over the bytes of the hello and the server's nonce. Messages recorded on one connection prove nothing on
 * another, and the two proofs are different functions, so that neither can be reflected to its sender.
 */
public final class Handshake {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String ALGORITHM = "HmacSHA256";
    private static final HexFormat HEX = HexFormat.of();

    private final byte[] key;
    private final byte[] hello;
    private final String nonce;

    private Handshake(byte[] key, byte[] hello, String nonce) {
        this.key = key;
        this.hello = hello;
        this.nonce = nonce;
    }

    /** 256 random bits as hexadecimal digits, for a secret or a nonce. No result of a run depends on them. */
    public static String random() {
        try {
            return HEX.formatHex(
                    KeyGenerator.getInstance(ALGORITHM).generateKey().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + ALGORITHM, e);
        }
    }

    /** The server's side, with a new nonce. */
    public static Handshake answering(byte[] key, byte[] hello) {
        return new Handshake(key, hello, random());
    }

    /** The server's response to the hello. */
    public byte[] challenge() {
        return MessageCodec.encodeHandshake(new HandshakeMessage.Challenge(nonce, proof("server")));
    }

    /**
     * Whether a message is the client's proof.
     *
     * @throws dev.kindling.job.protocol.codec.ProtocolException if it is no message of a handshake
     */
    public boolean isProvedBy(byte[] message) {
        return MessageCodec.decodeHandshake(message) instanceof HandshakeMessage.Proof given
                && same(given.proof(), proof("client"));
    }

    /**
     * Begins the client's side: sends the hello and checks the server's proof.
     *
     * @throws IOException if the server does not respond, or does not know the key
     */
    public static Handshake begin(TransportClient client, byte[] key, HandshakeMessage hello) throws IOException {
        byte[] sent = MessageCodec.encodeHandshake(hello);
        if (MessageCodec.decodeHandshake(call(client, sent)) instanceof HandshakeMessage.Challenge challenge) {
            Handshake begun = new Handshake(key, sent, challenge.nonce());
            if (same(challenge.proof(), begun.proof("server"))) {
                return begun;
            }
        }
        throw new IOException("the server at " + client.getSocketAddress() + " does not know this run's secret");
    }

    /**
     * Sends the client's proof, which ends the handshake.
     *
     * @throws IOException if the server refuses it
     */
    public void prove(TransportClient client) throws IOException {
        call(client, MessageCodec.encodeHandshake(new HandshakeMessage.Proof(proof("client"))));
    }

    private static byte[] call(TransportClient client, byte[] message) throws IOException {
        try {
            ByteBuffer response = client.sendRpcSync(ByteBuffer.wrap(message), TIMEOUT.toMillis());
            byte[] bytes = new byte[response.remaining()];
            response.get(bytes);
            return bytes;
        } catch (RuntimeException e) {
            throw new IOException(
                    "the handshake was refused by " + client.getSocketAddress() + "; its log has the reason", e);
        }
    }

    private String proof(String of) {
        return HEX.formatHex(derived("proof of the " + of));
    }

    /** A key that both ends share, different for every connection. */
    public byte[] sessionKey() {
        return derived("session key");
    }

    private byte[] derived(String purpose) {
        byte[] end = nonce.getBytes(StandardCharsets.UTF_8);
        byte[] label = purpose.getBytes(StandardCharsets.UTF_8);
        // With the lengths, different parts never give the same text.
        return mac(
                key,
                ByteBuffer.allocate(2 * Integer.BYTES + label.length + hello.length + end.length)
                        .putInt(label.length)
                        .put(label)
                        .putInt(hello.length)
                        .put(hello)
                        .put(end)
                        .array());
    }

    static byte[] mac(byte[] key, byte[] text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + ALGORITHM, e);
        }
    }

    /** Compares in constant time. */
    private static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
