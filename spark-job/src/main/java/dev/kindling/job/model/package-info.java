/**
 * Networks and their losses: layers, initialisers and presets, written as tensor programs over parameters with
 * Deeplearning4j's names and shapes; and reading Deeplearning4j's configurations and zips, on the driver alone. May import {@code tensor}, {@code random}, {@code program} and {@code task}'s
 * episode layout; no inner loop and no backend enters.
 */
@NullMarked
package dev.kindling.job.model;

import org.jspecify.annotations.NullMarked;
