package dev.kindling.driver.cluster;

import dev.kindling.job.wire.Peer;
import java.util.Optional;

/** The driver's end of a connection to an executor that stays. Thread-safe. */
public interface Link {
    /** The executor, as logs name it. */
    String name();

    /** Where other executors find it; empty where they do not. */
    Optional<Peer> peer();

    /** Sends a message for {@link dev.kindling.job.wire.Wire#decodeToWorker}, without waiting; a lost one is not told. */
    void send(byte[] message);

    /** Ends the connection. */
    void close();
}
