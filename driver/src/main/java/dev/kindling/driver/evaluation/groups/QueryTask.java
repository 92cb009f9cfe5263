package dev.kindling.driver.evaluation.groups;

import dev.kindling.job.task.table.GroupRows;

/**
 * Query rows of a group that are to be predicted from its first rows.
 *
 * @param rows of the group
 * @param support number of support rows, the first ones; may be 0
 * @param firstQuery number of the first query row
 * @param queries number of query rows
 */
public record QueryTask(GroupRows rows, int support, int firstQuery, int queries) {}
