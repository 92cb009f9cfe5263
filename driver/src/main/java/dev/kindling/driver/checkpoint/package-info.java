/**
 * The files of a run: the run directory and the lock that reserves it for one driver, checkpoints, and the model, each with
 * a manifest that holds its provenance and a checksum of every file. Lives on the driver. May import {@code storage},
 * {@code error} and {@code job.tensor}; must not depend on the cluster or on an optimizer.
 */
@NullMarked
package dev.kindling.driver.checkpoint;

import org.jspecify.annotations.NullMarked;
