/**
 * Checks of a configuration: a training program's results against the same task computed step by step ({@code
 * check.reference}), its meta-gradient and derivative order against numerical derivatives, that θ changes, and that splits
 * and support and query sets are disjoint. Computes in double, one task at a time, in this JVM. May import {@code sampler},
 * {@code aggregator} and {@code optimizer}; must not name an algorithm outside {@code reference}, or use the cluster.
 */
@NullMarked
package dev.kindling.driver.check;

import org.jspecify.annotations.NullMarked;
