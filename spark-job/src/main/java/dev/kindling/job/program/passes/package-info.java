/**
 * Optimization passes, which map a program to an equal one that is cheaper to run: deduplication and pruning of loops,
 * loop-invariant code motion, rematerialization of loop residuals, products with low-rank matrices. May import {@code program} and {@code tensor};
 * knows no backend.
 */
@NullMarked
package dev.kindling.job.program.passes;

import org.jspecify.annotations.NullMarked;
