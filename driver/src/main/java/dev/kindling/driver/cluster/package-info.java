/**
 * Rounds over workers: dealing ranges of blocks, completing the fold, deciding what a lost range costs. Knows what a
 * worker promises, not what it is: Spark stays in {@code cluster.spark}. No algorithm and no file enters.
 */
@NullMarked
package dev.kindling.driver.cluster;

import org.jspecify.annotations.NullMarked;
