package dev.kindling.job.task.fewshot;

import java.util.List;

/**
 * The class names of a split as listed, not yet matched with the classes of the data.
 *
 * @param file where they were read from, for messages
 * @param lines a class name each
 */
record SplitListing(String file, List<String> lines) {}
