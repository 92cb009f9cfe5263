/**
 * Samples the task specs of a round from (seed, split, round). May import the packages of spark-job; independent of models,
 * algorithms and clusters, and reads no examples.
 */
@NullMarked
package dev.kindling.driver.sampler;

import org.jspecify.annotations.NullMarked;
