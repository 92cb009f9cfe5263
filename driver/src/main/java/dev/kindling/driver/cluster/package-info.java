/**
 * Runs rounds on executors: partitions blocks into ranges, assigns them, reduces the results, and handles lost executors and
 * stragglers. Independent of Spark, which stays in {@code cluster.spark}; reads no files; the only algorithm that it knows is
 * the description of rounds that Deeplearning4j runs.
 */
@NullMarked
package dev.kindling.driver.cluster;

import org.jspecify.annotations.NullMarked;
