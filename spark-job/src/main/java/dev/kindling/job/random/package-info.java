/**
 * The keyed random number generator, the only source of randomness of the project. Imports no other package of the
 * project; there is no global state.
 */
@NullMarked
package dev.kindling.job.random;

import org.jspecify.annotations.NullMarked;
