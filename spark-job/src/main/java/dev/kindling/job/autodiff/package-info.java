/**
 * Reverse-mode automatic differentiation of programs: one vector-Jacobian product rule per op, each written in the same
 * ops, so that a derivative is a program and can be differentiated again. May import {@code program} and {@code tensor};
 * does not run programs.
 */
@NullMarked
package dev.kindling.job.autodiff;

import org.jspecify.annotations.NullMarked;
