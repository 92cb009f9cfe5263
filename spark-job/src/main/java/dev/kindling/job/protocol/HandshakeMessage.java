package dev.kindling.job.protocol;

import java.util.Optional;

/**
 * The messages that begin a connection of Kindling: the client's hello, the server's challenge, the client's proof. Nonces
 * and proofs are 32 bytes as hexadecimal digits. No message contains a secret.
 */
public sealed interface HandshakeMessage {
    /**
     * The hello of an executor to the driver.
     *
     * @param workerJobId of the worker job whose secret the executor will prove to know
     * @param attempt id of the Spark task that runs the worker job, {@code TaskContext.taskAttemptId}
     * @param executor Spark's executor id
     * @param peer address for the other executors of the run; empty if it accepts no connections
     */
    record WorkerHello(long workerJobId, long attempt, String executor, String nonce, Optional<Peer> peer)
            implements HandshakeMessage {}

    /**
     * The hello of an executor to another one.
     *
     * @param executor the id of the one that connects
     */
    record PeerHello(String executor, String nonce) implements HandshakeMessage {}

    /** The server's response to a hello; its proof covers the hello and both nonces. */
    record Challenge(String nonce, String proof) implements HandshakeMessage {}

    /** The client's response to a challenge; its proof covers the same. */
    record Proof(String proof) implements HandshakeMessage {}
}
