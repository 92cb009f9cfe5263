/**
 * The few-shot source: N-way K-shot classification of images in folders. Indexes zips, directory trees and packs on any Hadoop
 * file system, reads and draws splits, decodes, resizes and caches images, samples episodes, and writes packs, single files
 * of decoded images. May import {@code task} and the packages earlier in the list; must not import another task source or
 * contain networks.
 */
@NullMarked
package dev.kindling.job.task.fewshot;

import org.jspecify.annotations.NullMarked;
