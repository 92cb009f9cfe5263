/**
 * Networks and their losses: layers, initialisers and presets, written as tensor programs over parameters with
 * Deeplearning4j's names and shapes. Images come as [n, channels, height, width] and parameters keep Deeplearning4j's
 * shapes; between the layers images are channels last, as the ops of {@code program} want them.
 *
 * <p>Here too, and on the driver alone: reading Deeplearning4j's configurations and trained zips into such networks, and
 * writing a network as a zip. May import {@code tensor}, {@code random}, {@code program} and {@code task}'s episode layout;
 * no inner loop and no backend enters.
 */
@NullMarked
package dev.kindling.job.model;

import org.jspecify.annotations.NullMarked;
