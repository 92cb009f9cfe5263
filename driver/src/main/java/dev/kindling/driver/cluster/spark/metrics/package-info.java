/**
 * What can be seen of a run from outside while it runs: gauges in Spark's own metrics system, which its sinks hand to
 * Prometheus and others, and lines in the log about executors that come and go. Part of the driver's Spark door; imports
 * neither the cluster nor the loop, which fill the gauges through a record of their own words.
 */
@NullMarked
package dev.kindling.driver.cluster.spark.metrics;

import org.jspecify.annotations.NullMarked;
