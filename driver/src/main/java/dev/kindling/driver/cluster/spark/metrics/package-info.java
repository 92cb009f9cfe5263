/**
 * Monitoring of a run: gauges in Spark's metrics system, whose sinks export them to Prometheus and others, and log lines about
 * executors that are added and removed. May import Spark; must not import the cluster or the training loop, which set the
 * gauges through a record.
 */
@NullMarked
package dev.kindling.driver.cluster.spark.metrics;

import org.jspecify.annotations.NullMarked;
