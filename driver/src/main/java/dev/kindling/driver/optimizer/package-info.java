/**
 * From the meta-gradient to the next θ: ND4J's updaters over the flat vector, rate schedules, and the state that a
 * checkpoint keeps. Lives on the driver; the only room of the training path in which ND4J appears. May import
 * {@code job.tensor} and, for its exception, {@code aggregator}; no file and no cluster enters.
 */
@NullMarked
package dev.kindling.driver.optimizer;

import org.jspecify.annotations.NullMarked;
