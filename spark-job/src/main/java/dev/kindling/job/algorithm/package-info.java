/**
 * Meta-learning methods: each translates a model into the programs of one task. May import {@code model}, {@code autodiff} and
 * the packages earlier in the list; must not contain code that runs, distributes or sums programs.
 */
@NullMarked
package dev.kindling.job.algorithm;

import org.jspecify.annotations.NullMarked;
