/**
 * Evaluation by group: predictions of a model and of baselines for the query rows of held-out groups of a table, and their
 * measures. May import {@code evaluation} and what that may import; must not name an algorithm or train.
 */
@NullMarked
package dev.kindling.driver.evaluation.groups;

import org.jspecify.annotations.NullMarked;
