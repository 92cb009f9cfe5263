/**
 * The meta-optimizer: ND4J's updaters over the flat vector θ, learning-rate schedules, and the state that checkpoints store.
 * Lives on the driver; the only package of the training path that imports ND4J. May import {@code job.tensor} and {@code
 * error}; must not depend on files or on the cluster.
 */
@NullMarked
package dev.kindling.driver.optimizer;

import org.jspecify.annotations.NullMarked;
