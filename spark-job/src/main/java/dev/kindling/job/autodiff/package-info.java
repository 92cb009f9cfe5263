/**
 * Reverse-mode differentiation: one derivative rule per op, each written in the same ops, so that a derivative is a
 * program again and second order is the same function applied twice. May import {@code program} and {@code tensor};
 * nothing that runs a program enters.
 */
@NullMarked
package dev.kindling.job.autodiff;

import org.jspecify.annotations.NullMarked;
