/**
 * The proofs of a configuration: what a training program gives against the same task computed step by step ({@code
 * check.reference}), numerical derivatives against the meta-gradient and the order it has, that θ moves and that no data is
 * shared where it must not be. Everything here computes in double, one task at a time in this JVM. May import {@code sampler},
 * {@code aggregator} and {@code optimizer}; knows no algorithm by name but in {@code reference}, and no cluster enters.
 */
@NullMarked
package dev.kindling.driver.check;

import org.jspecify.annotations.NullMarked;
