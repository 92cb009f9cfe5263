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
 * The mutual authentication with which a connection begins: each end proves that it knows a key, and the key does not travel.
 * Hello (client's nonce), challenge (server's nonce and proof), proof (client's): the three passes of ISO/IEC 9798-4 with
 * HMAC-SHA256 over the hello as it was sent and the server's nonce. What is recorded of one connection proves nothing on
 * another, and the two proofs are different functions, so that neither can be returned to its sender.
 */
public final class Handshake {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
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

    /** 256 bits that nobody can guess, as hexadecimal digits: a secret or a nonce. Nothing of a run's results depends on it. */
    public static String random() {
        try {
            return HEX.formatHex(
                    KeyGenerator.getInstance(ALGORITHM).generateKey().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + ALGORITHM, e);
        }
    }

    /** The server's side, with a nonce of its own. */
    public static Handshake answering(byte[] key, byte[] hello) {
        return new Handshake(key, hello, random());
    }

    /** What the server answers the hello. */
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
     * The client's side, up to the server's proof.
     *
     * @throws IOException if the server does not answer, or does not know the key
     */
    public static Handshake begin(TransportClient client, byte[] key, HandshakeMessage hello) throws IOException {
        byte[] said = MessageCodec.encodeHandshake(hello);
        if (MessageCodec.decodeHandshake(call(client, said)) instanceof HandshakeMessage.Challenge challenge) {
            Handshake begun = new Handshake(key, said, challenge.nonce());
            if (same(challenge.proof(), begun.proof("server"))) {
                return begun;
            }
        }
        throw new IOException("who answers at " + client.getSocketAddress() + " does not know this run's secret");
    }

    /**
     * The client's proof, and the end of the handshake.
     *
     * @throws IOException if the server does not take it
     */
    public void prove(TransportClient client) throws IOException {
        call(client, MessageCodec.encodeHandshake(new HandshakeMessage.Proof(proof("client"))));
    }

    private static byte[] call(TransportClient client, byte[] message) throws IOException {
        try {
            ByteBuffer answer = client.sendRpcSync(ByteBuffer.wrap(message), PATIENCE.toMillis());
            byte[] bytes = new byte[answer.remaining()];
            answer.get(bytes);
            return bytes;
        } catch (RuntimeException e) {
            throw new IOException(
                    "the greeting was refused by " + client.getSocketAddress() + ", whose log has the reason", e);
        }
    }

    private String proof(String of) {
        return HEX.formatHex(derived("proof of the " + of));
    }

    /** A key that both ends have now, and that no other connection has. */
    public byte[] sessionKey() {
        return derived("session key");
    }

    private byte[] derived(String purpose) {
        byte[] end = nonce.getBytes(StandardCharsets.UTF_8);
        byte[] label = purpose.getBytes(StandardCharsets.UTF_8);
        // The lengths make one text of the three parts that no other three give.
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

    /** In a time that does not tell where they differ. */
    private static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
