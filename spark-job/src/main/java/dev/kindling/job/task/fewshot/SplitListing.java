package dev.kindling.job.task.fewshot;

import java.util.List;

/**
 * The classes of a split by name, before they are held against those that there are.
 *
 * @param file where they stand, for messages
 * @param lines a class each
 */
record SplitListing(String file, List<String> lines) {}
