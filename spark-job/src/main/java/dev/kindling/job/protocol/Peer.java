package dev.kindling.job.protocol;

/** Where an executor takes connections of the others of its run. */
public record Peer(String host, int port) {}
