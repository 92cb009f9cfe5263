/**
 * The methods of meta-learning, one file each: a method turns a model into programs, written for one task. May import
 * {@code model}, {@code autodiff} and what stands above them; nothing that runs, deals out or sums a program enters.
 */
@NullMarked
package dev.kindling.job.algorithm;

import org.jspecify.annotations.NullMarked;
