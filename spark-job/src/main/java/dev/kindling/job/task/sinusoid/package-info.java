/**
 * Sine waves to be regressed, the first benchmark of meta-learning. May import {@code task} and the rooms above it; no
 * other source of tasks enters.
 */
@NullMarked
package dev.kindling.job.task.sinusoid;

import org.jspecify.annotations.NullMarked;
