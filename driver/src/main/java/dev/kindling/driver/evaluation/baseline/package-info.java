/**
 * Simple methods that are fitted to the training groups of a table, for comparison with a model. May import {@code
 * evaluation.groups} and what that may import, and the mixed model of {@code job.algorithm}; must not train a network.
 */
@NullMarked
package dev.kindling.driver.evaluation.baseline;

import org.jspecify.annotations.NullMarked;
