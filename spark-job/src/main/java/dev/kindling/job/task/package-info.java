/**
 * The task-source SPI: task keys, specs and episode layouts. Each source has a sub-package. May import {@code tensor} and
 * {@code random}; must not contain networks or algorithms.
 */
@NullMarked
package dev.kindling.job.task;

import org.jspecify.annotations.NullMarked;
