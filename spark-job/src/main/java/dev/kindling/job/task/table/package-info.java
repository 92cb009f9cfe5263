/**
 * The source of tabular tasks: every group of rows of a table is a task. Reads the table pack, a folder with the encoded rows
 * of all groups, writes it part by part, and holds the encoding of columns as features. May import {@code task} and the
 * packages earlier in the list; must not import another task source. Independent of Spark: the driver's package {@code table}
 * reads tables and calls this package from Spark tasks.
 */
@NullMarked
package dev.kindling.job.task.table;

import org.jspecify.annotations.NullMarked;
