/**
 * The driver's side of Spark: the Spark context, the clusters whose workers are Spark tasks, their network endpoint and class
 * paths, and Deeplearning4j's training on Spark. May import {@code cluster} and, of spark-job, {@code protocol},
 * {@code executor} and their imports; decisions about ranges and sums are made in {@code cluster}.
 */
@NullMarked
package dev.kindling.driver.cluster.spark;

import org.jspecify.annotations.NullMarked;
