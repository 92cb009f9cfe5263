/**
 * The reference backend: one simple loop per op, written to be read and to be compared with, not for speed. May import
 * {@code tensor}, {@code program} and {@code backend}.
 */
@NullMarked
package dev.kindling.job.backend.reference;

import org.jspecify.annotations.NullMarked;
