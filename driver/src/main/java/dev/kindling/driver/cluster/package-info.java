/**
 * Rounds over workers: dealing ranges of blocks, completing the fold, deciding what a lost range costs. Knows what a
 * worker promises, not what it is: Spark stays in {@code cluster.spark}. No file enters, and no
 * algorithm but what it says of rounds that others make.
 */
@NullMarked
package dev.kindling.driver.cluster;

import org.jspecify.annotations.NullMarked;
