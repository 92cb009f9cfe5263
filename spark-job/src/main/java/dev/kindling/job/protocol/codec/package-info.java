/**
 * The encodings of the messages between driver and executors, the same on both sides: a Kryo instance that accepts these
 * types only (registration required), one hand-written serializer for each, and sizes checked before anything is allocated.
 * May import {@code protocol} and its imports; must not use Spark or sockets.
 */
@NullMarked
package dev.kindling.job.protocol.codec;

import org.jspecify.annotations.NullMarked;
