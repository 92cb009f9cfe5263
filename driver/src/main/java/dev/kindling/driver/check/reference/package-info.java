/**
 * Reference implementations of each method on one task, independent of its training program: adaptation step by step in
 * Java, in double precision, from programs of one pass each (a loss and its first-order gradient). Written from the papers and
 * not from {@code job.algorithm}, of which only {@code AlgorithmConfig} is used. May import {@code job} packages; must not
 * import driver packages.
 */
@NullMarked
package dev.kindling.driver.check.reference;

import org.jspecify.annotations.NullMarked;
