/**
 * The messages between driver and executors, and their bytes: a Kryo of our own that knows these types, a hand-written
 * serializer for each, and sizes that a message cannot lie about. May import {@code fold}, {@code task}, {@code backend},
 * {@code program} and {@code tensor}; nothing is opened or run here, and neither Spark nor a socket enters.
 */
@NullMarked
package dev.kindling.job.protocol;

import org.jspecify.annotations.NullMarked;
