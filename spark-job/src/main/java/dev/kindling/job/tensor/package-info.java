/**
 * Shapes, named layouts of flat vectors, and the flat vectors themselves. Imports nothing of the project; no
 * mathematics enters.
 */
@NullMarked
package dev.kindling.job.tensor;

import org.jspecify.annotations.NullMarked;
