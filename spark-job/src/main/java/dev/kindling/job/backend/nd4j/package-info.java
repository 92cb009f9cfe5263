/**
 * The backend on ND4J, on processors and on graphics cards: a program that is written for one task runs for many at once,
 * every task's value with a leading axis of tasks. May import {@code tensor}, {@code program}, {@code random} and
 * {@code backend}; of ND4J its API alone, so that what lies on the class path decides where it runs. No other room but the
 * driver's may load a class of ND4J, and none is loaded before a program is compiled here.
 */
@NullMarked
package dev.kindling.job.backend.nd4j;

import org.jspecify.annotations.NullMarked;
