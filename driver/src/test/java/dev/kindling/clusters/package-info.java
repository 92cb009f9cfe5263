/**
 * Clusters of one machine for tests: a standalone master with workers, YARN and HDFS, and runs of Kindling on them. What
 * {@code deploy/test-clusters} starts from here, it starts by {@code main}. May import every room and every test library.
 */
@NullMarked
package dev.kindling.clusters;

import org.jspecify.annotations.NullMarked;
