/**
 * The training of a run: the outer loop, validation, checkpoints and the recording of results. The only package that uses
 * sampler, cluster, aggregator, optimizer, metrics and model files together. May import driver packages earlier in the list;
 * must not depend on configuration files or on the command line.
 */
@NullMarked
package dev.kindling.driver.training;

import org.jspecify.annotations.NullMarked;
