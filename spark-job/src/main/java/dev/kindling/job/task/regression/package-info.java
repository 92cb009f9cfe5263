/**
 * Regression of random numbers on random numbers. May import {@code task} and the rooms above it; no other source of
 * tasks enters.
 */
@NullMarked
package dev.kindling.job.task.regression;

import org.jspecify.annotations.NullMarked;
