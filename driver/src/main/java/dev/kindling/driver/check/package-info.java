/**
 * The proofs of a configuration: finite differences against the meta-gradient, the order it has, that θ moves and that
 * no data is shared where it must not be. Everything here computes in double, one task at a time in this JVM. May import
 * {@code sampler}, {@code aggregator} and {@code optimizer}; knows no algorithm by name, and no cluster enters.
 */
@NullMarked
package dev.kindling.driver.check;

import org.jspecify.annotations.NullMarked;
