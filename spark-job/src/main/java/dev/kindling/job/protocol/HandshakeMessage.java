package dev.kindling.job.protocol;

import java.util.Optional;

/**
 * The messages with which a connection of Kindling's begins: the client's hello, the server's challenge, the client's proof.
 * Nonces and proofs are 32 bytes as hexadecimal digits. No message holds a secret.
 */
public sealed interface HandshakeMessage {
    /**
     * The hello of an executor to the driver.
     *
     * @param workerJobId of the worker job whose secret the executor will prove to know
     * @param attempt id of the Spark task that runs the worker job, {@code TaskContext.taskAttemptId}
     * @param executor its id, as Spark knows it
     * @param peer where the others of the run find it, or empty where they do not
     */
    record WorkerHello(long workerJobId, long attempt, String executor, String nonce, Optional<Peer> peer)
            implements HandshakeMessage {}

    /**
     * The hello of an executor to another one.
     *
     * @param executor the id of the one that connects
     */
    record PeerHello(String executor, String nonce) implements HandshakeMessage {}

    /** The server's answer to a hello; its proof covers the hello and both nonces. */
    record Challenge(String nonce, String proof) implements HandshakeMessage {}

    /** The client's answer to a challenge, covering the same. */
    record Proof(String proof) implements HandshakeMessage {}
}
