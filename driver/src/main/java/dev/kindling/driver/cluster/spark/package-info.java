/**
 * Rounds over Spark: the context, and clusters whose workers are Spark tasks. The driver's Spark door. May import
 * {@code cluster} and, of spark-job, {@code wire}, {@code executor} and what those speak of; no decision about ranges or
 * sums is made here.
 */
@NullMarked
package dev.kindling.driver.cluster.spark;

import org.jspecify.annotations.NullMarked;
