/**
 * Prepares tables: reads a table with Spark SQL, assigns its groups to splits, fits the encoding on training groups, and
 * writes the table pack of {@code job.task.table}. Called by the driver; the functions of its Spark jobs run on executors,
 * which have the application's jar. May import {@code cluster} and the packages of spark-job up to {@code task}; knows
 * neither models nor methods.
 */
@NullMarked
package dev.kindling.driver.table;

import org.jspecify.annotations.NullMarked;
