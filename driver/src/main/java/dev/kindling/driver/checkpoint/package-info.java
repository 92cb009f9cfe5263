/**
 * What a run leaves on disk: the run directory on any Hadoop file system and the lock that keeps it to one driver,
 * checkpoints and model with a manifest that says where they came from and covers every file with a checksum, and tensors
 * as safetensors. Lives on the driver. May import
 * {@code job.tensor} and {@code job.task} for its exception; nothing here knows what a round or an optimizer is, and
 * nothing read from disk is ever Java-deserialised.
 */
@NullMarked
package dev.kindling.driver.checkpoint;

import org.jspecify.annotations.NullMarked;
