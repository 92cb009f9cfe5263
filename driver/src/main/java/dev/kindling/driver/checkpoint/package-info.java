/**
 * What a run keeps on disk: the run directory and the lock that keeps it to one driver, checkpoints, and the model, each
 * with a manifest that holds its provenance and a checksum of every file. Lives on the driver. May import {@code storage},
 * {@code error} and {@code job.tensor}; nothing here knows what a round or an optimizer is.
 */
@NullMarked
package dev.kindling.driver.checkpoint;

import org.jspecify.annotations.NullMarked;
