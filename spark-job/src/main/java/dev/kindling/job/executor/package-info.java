/**
 * The Spark door on executors: the function that Spark tasks apply, and what a JVM keeps between them: of a run its station,
 * the desk that serves the driver, and the neighbours. One of the three
 * packages that import Spark. May import the rooms above it; nothing here computes, and only bytes come in and go out.
 */
@NullMarked
package dev.kindling.job.executor;

import org.jspecify.annotations.NullMarked;
