/**
 * The executors' side of Spark: the functions that Spark tasks run, the session of a run in an executor's JVM, its connections
 * to the driver and to peers, and the caches between Spark tasks. One of the packages that may import Spark, and all packages
 * earlier in the list; computation itself is in {@code runner}.
 */
@NullMarked
package dev.kindling.job.executor;

import org.jspecify.annotations.NullMarked;
