/**
 * An executor's work without Spark: a job is opened once, an order becomes episodes, episodes become sums, sums become
 * fold nodes. Shared by all threads of a JVM. May import the rooms from {@code tensor} to {@code protocol}, but for
 * {@code model} and {@code algorithm}: it knows no method by name. No thread is started here: a crew has those that others lend it; and nothing is sent.
 */
@NullMarked
package dev.kindling.job.runner;

import org.jspecify.annotations.NullMarked;
