/**
 * Adapting to held-out tasks, through {@code cluster}, and the statistics of it. May import {@code sampler} and
 * {@code cluster}; knows no algorithm by name and trains nothing.
 */
@NullMarked
package dev.kindling.driver.evaluation;

import org.jspecify.annotations.NullMarked;
