/**
 * The task-source SPI: keys, specs, episode layouts. One sub-room per source of tasks. May import {@code tensor} and
 * {@code random}; neither a network nor an algorithm enters.
 */
@NullMarked
package dev.kindling.job.task;

import org.jspecify.annotations.NullMarked;
