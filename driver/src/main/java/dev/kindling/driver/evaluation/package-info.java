/**
 * Evaluation of parameters on held-out tasks, and its statistics; comparison of several models on the same tasks. May import
 * driver packages earlier in the list; must not name an algorithm or train.
 */
@NullMarked
package dev.kindling.driver.evaluation;

import org.jspecify.annotations.NullMarked;
