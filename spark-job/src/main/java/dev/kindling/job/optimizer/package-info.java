/**
 * Update rules of optimizers as values of a program: the step of an array of parameters from its gradient and moments. The
 * inner optimizers of tasks and the meta-optimizer share these definitions. May import {@code program}; knows no models and
 * no algorithms.
 */
@NullMarked
package dev.kindling.job.optimizer;

import org.jspecify.annotations.NullMarked;
