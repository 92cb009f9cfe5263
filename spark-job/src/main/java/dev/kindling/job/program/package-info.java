/**
 * Tensor programs: a closed set of ops, immutable programs, the builder that shares equal values and folds constants,
 * shape rules, verifier, printer and hash. May import {@code tensor}; no derivative, no execution, no layer enters.
 */
@NullMarked
package dev.kindling.job.program;

import org.jspecify.annotations.NullMarked;
