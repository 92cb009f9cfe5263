/**
 * Shapes, flat vectors, and named layouts of flat vectors. Imports no other package of the project; contains no
 * mathematics.
 */
@NullMarked
package dev.kindling.job.tensor;

import org.jspecify.annotations.NullMarked;
