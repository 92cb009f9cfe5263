/**
 * The oracle: programs run by loops that say what each op means, slowly and readably. May import {@code tensor},
 * {@code program} and {@code backend}; no cleverness enters.
 */
@NullMarked
package dev.kindling.job.backend.reference;

import org.jspecify.annotations.NullMarked;
