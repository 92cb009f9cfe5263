/**
 * Predictions for tables as lazy functions from Dataset to Dataset: rows with a label adapt the model to their group, the others
 * are predicted. Plans are made on the driver; the pass over the sorted rows of a partition runs on executors, with compiled
 * programs that the tasks of a JVM share. May import {@code cluster.spark}, {@code table}, {@code serving} and what those may
 * import; knows neither runs nor configurations.
 */
@NullMarked
package dev.kindling.driver.transform;

import org.jspecify.annotations.NullMarked;
