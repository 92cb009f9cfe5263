/**
 * Computes a meta-gradient from the sum of a round: the policy for failed tasks, the mean over tasks, running statistics and
 * clipping. Lives on the driver. May import {@code job.tensor}, {@code job.reduce} and {@code job.protocol}; independent of
 * optimizers, files and clusters.
 */
@NullMarked
package dev.kindling.driver.aggregator;

import org.jspecify.annotations.NullMarked;
