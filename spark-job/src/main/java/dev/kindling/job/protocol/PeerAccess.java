package dev.kindling.job.protocol;

/**
 * Address and key with which one executor connects to another of its run: driver to executors.
 *
 * @param peer where the other executor accepts connections
 * @param sealedKey the key of connections from the one to the other, readable only with the session key of the executor
 *     that it is sent to
 */
public record PeerAccess(Peer peer, String sealedKey) {}
