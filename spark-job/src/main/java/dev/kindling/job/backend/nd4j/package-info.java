/**
 * The backend on ND4J, for processors and GPUs: a program written for one task runs for a batch of tasks at once, with a
 * leading task axis in every task-dependent value. May import {@code tensor}, {@code program}, {@code random} and
 * {@code backend}; uses only the API of ND4J, so that the class path decides where it runs. On executors no other package
 * may load a class of ND4J, and none is loaded before a program is compiled here.
 */
@NullMarked
package dev.kindling.job.backend.nd4j;

import org.jspecify.annotations.NullMarked;
