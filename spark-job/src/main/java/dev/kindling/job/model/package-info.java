/**
 * Networks and their losses: layers, initialisers and presets, expressed as tensor programs over parameters with
 * Deeplearning4j's names and shapes. Input images are [n, channels, height, width]; between layers images are channels-last,
 * as the ops of {@code program} require.
 *
 * <p>Also reads Deeplearning4j's configurations and trained zips into such networks and writes a network as a zip, on the
 * driver only. May import {@code tensor}, {@code random}, {@code program} and the episode layout of {@code task}; must not
 * contain inner loops or backends.
 */
@NullMarked
package dev.kindling.job.model;

import org.jspecify.annotations.NullMarked;
