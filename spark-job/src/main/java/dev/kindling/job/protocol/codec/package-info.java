/**
 * The bytes of the messages between driver and executors: a Kryo instance of the project's own that knows these types only
 * (registration required), one hand-written serializer for each, and declared sizes checked before anything is allocated.
 * Lives on both sides. May import {@code protocol} and what that may import; nothing is opened or run here, and neither
 * Spark nor a socket enters.
 */
@NullMarked
package dev.kindling.job.protocol.codec;

import org.jspecify.annotations.NullMarked;
