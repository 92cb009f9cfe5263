/**
 * Messages between driver and executors, to and from bytes: a Kryo of its own with registration required and every
 * serializer written by hand. Only bytes cross Spark. May import {@code tensor}, {@code program}, {@code task} and
 * {@code fold}; no Java serialization and no collection of unknown type enters.
 */
@NullMarked
package dev.kindling.job.wire;

import org.jspecify.annotations.NullMarked;
