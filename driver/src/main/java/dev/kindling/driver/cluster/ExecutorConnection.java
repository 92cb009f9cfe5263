package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import java.util.Optional;

/** The driver's end of a connection to an executor that stays. Thread-safe. */
public interface ExecutorConnection {
    /** The executor, as logs name it. */
    String name();

    /** The machine that it runs on, as Spark names it. */
    String host();

    /** Where other executors find it; empty where they do not. */
    Optional<Peer> peer();

    /**
     * What another executor needs to connect to this one.
     *
     * @throws java.util.NoSuchElementException if others do not find it
     */
    PeerAccess peerAccessFor(ExecutorConnection other);

    /** Sends a message for {@link dev.kindling.job.protocol.codec.MessageCodec#decodeExecutorMessage}, without waiting; a lost one is not told. */
    void send(byte[] message);

    /** Ends the connection. */
    void close();
}
