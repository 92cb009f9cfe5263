/**
 * From the root of a round's fold to one meta-gradient: how failed tasks are treated, the mean over tasks, clipping. Lives
 * on the driver. May import {@code job.tensor}, {@code job.reduce} and {@code job.protocol}; no updater, no file and no cluster
 * enters.
 */
@NullMarked
package dev.kindling.driver.aggregator;

import org.jspecify.annotations.NullMarked;
