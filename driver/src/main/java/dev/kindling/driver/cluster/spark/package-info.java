/**
 * Rounds over Spark: the context, and clusters whose workers are Spark tasks. The driver's Spark door, behind which
 * Deeplearning4j's training on Spark stands too. May import {@code cluster} and, of spark-job, {@code protocol},
 * {@code executor} and what those speak of; no decision about ranges or sums is made here.
 */
@NullMarked
package dev.kindling.driver.cluster.spark;

import org.jspecify.annotations.NullMarked;
