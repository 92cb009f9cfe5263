/**
 * Test clusters and test data for {@code deploy/test-clusters}, which starts the classes here by their {@code main}:
 * HDFS and YARN on one machine, and a small image set. May import every package and every test library.
 */
@NullMarked
package dev.kindling.clusters;

import org.jspecify.annotations.NullMarked;
