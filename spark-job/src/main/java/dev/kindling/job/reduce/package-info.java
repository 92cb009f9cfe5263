/**
 * The ordered sum: nodes of the fixed binary tree over a round's blocks, and the fold that merges them. The same classes
 * on executors and on the driver. May import {@code tensor}; nothing about messages, threads or what is being added
 * enters.
 */
@NullMarked
package dev.kindling.job.reduce;

import org.jspecify.annotations.NullMarked;
