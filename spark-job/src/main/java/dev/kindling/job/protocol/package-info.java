/**
 * The messages between driver and executors, as immutable records: the job, broadcast parameters, requests for ranges of
 * blocks and their results, heartbeats, the handshake, and requests between executors. Live on both sides; their bytes are
 * in {@code protocol.codec}. May import {@code reduce}, {@code task}, {@code backend}, {@code program} and {@code tensor}.
 */
@NullMarked
package dev.kindling.job.protocol;

import org.jspecify.annotations.NullMarked;
