package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import java.util.Optional;

/** The driver's end of a persistent connection to an executor. Thread-safe. */
public interface ExecutorConnection {
    /** The executor id, as logs show it. */
    String name();

    /** The host that it runs on, as Spark names it. */
    String host();

    /** Its address for other executors; empty if it accepts no connections of them. */
    Optional<Peer> peer();

    /**
     * Address and key with which another executor connects to this one.
     *
     * @throws java.util.NoSuchElementException if it accepts no connections of others
     */
    PeerAccess peerAccessFor(ExecutorConnection other);

    /**
     * Sends a message for {@link dev.kindling.job.protocol.codec.MessageCodec#decodeExecutorMessage}, without waiting. The loss
     * of a message is not reported.
     */
    void send(byte[] message);

    /** Ends the connection. */
    void close();
}
