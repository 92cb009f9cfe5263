/**
 * The specs of a round's tasks from (seed, round, purpose). May import the rooms of spark-job; knows nothing of models,
 * algorithms or clusters, and never reads an example.
 */
@NullMarked
package dev.kindling.driver.sampler;

import org.jspecify.annotations.NullMarked;
