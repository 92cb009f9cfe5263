/**
 * N-way K-shot classification over images in folders: indexing zips, trees and packs on any Hadoop file system, reading and
 * drawing splits, decoding and shrinking images, keeping them or the last ones used, drawing episodes; and writing a pack,
 * one file of images that are decoded already. May import {@code task} and the rooms above it; no other source of tasks
 * and no network enters.
 */
@NullMarked
package dev.kindling.job.task.fewshot;

import org.jspecify.annotations.NullMarked;
