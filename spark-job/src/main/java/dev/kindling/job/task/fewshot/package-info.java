/**
 * N-way K-shot classification over images in folders: indexing zips and trees on any Hadoop file system, reading splits,
 * decoding and shrinking images, drawing episodes. May import {@code task} and the rooms above it; no other source of
 * tasks and no network enters.
 */
@NullMarked
package dev.kindling.job.task.fewshot;

import org.jspecify.annotations.NullMarked;
