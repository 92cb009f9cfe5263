package dev.kindling.job.protocol;

/** Address at which an executor accepts connections of the other executors of its run. */
public record Peer(String host, int port) {}
