package dev.kindling.job.protocol;

/**
 * What an executor needs to connect to another one of its run: driver to executors.
 *
 * @param peer where the other one takes connections
 * @param sealedKey the key of connections from the one to the other, readable only with the session key of the executor
 *     that it is sent to
 */
public record PeerAccess(Peer peer, String sealedKey) {}
