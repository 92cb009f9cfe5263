/**
 * What each method computes for one task, found again without its training program: the adaptation step by step in Java, in
 * double, from programs of one pass each (a loss and its first-order gradient). Written from the papers and not from {@code
 * job.algorithm}, of which only {@code AlgorithmConfig} is used. May import {@code job} packages; imports nothing of the driver.
 */
@NullMarked
package dev.kindling.driver.check.reference;

import org.jspecify.annotations.NullMarked;
