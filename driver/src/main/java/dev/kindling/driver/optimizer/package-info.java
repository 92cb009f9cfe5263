/**
 * The meta-optimizer: update rules as programs over the flat vector θ, learning-rate schedules, and the state that checkpoints
 * store. Lives on the driver. May import {@code job} up to {@code algorithm}, and {@code error}; must not depend on files or on
 * the cluster.
 */
@NullMarked
package dev.kindling.driver.optimizer;

import org.jspecify.annotations.NullMarked;
