/**
 * Passes from a program to an equal one that is cheaper to run: repeats merged and pruned, memory of repeats traded for
 * time, low-rank matrices kept as products. May import {@code program} and {@code tensor}; knows no backend.
 */
@NullMarked
package dev.kindling.job.program.passes;

import org.jspecify.annotations.NullMarked;
