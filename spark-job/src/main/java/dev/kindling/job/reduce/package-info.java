/**
 * The ordered reduction of a round: partial sums of the fixed binary tree over its blocks, the reducer that merges them, and
 * shards of vectors. The same classes on executors and on the driver. May import {@code tensor}; independent of messages,
 * threads and the meaning of what is added.
 */
@NullMarked
package dev.kindling.job.reduce;

import org.jspecify.annotations.NullMarked;
