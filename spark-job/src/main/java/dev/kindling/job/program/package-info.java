/**
 * The intermediate representation, tensor programs: a closed set of ops, immutable programs, the builder that eliminates
 * common subexpressions and folds constants, shape inference, verifier, printer and hash. May import {@code tensor};
 * contains no differentiation, no execution and no layers.
 */
@NullMarked
package dev.kindling.job.program;

import org.jspecify.annotations.NullMarked;
