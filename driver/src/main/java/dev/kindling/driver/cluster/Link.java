package dev.kindling.driver.cluster;

/** The driver's end of a connection to an executor that stays. Thread-safe. */
public interface Link {
    /** The executor, as logs name it. */
    String name();

    /** Sends a message for {@link dev.kindling.job.wire.Wire#decodeToWorker}, without waiting; a lost one is not told. */
    void send(byte[] message);

    /** Ends the connection. */
    void close();
}
